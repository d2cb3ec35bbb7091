"""The sessions room: one car at one charger, from plug-in to plug-out, with its energy and its transactions."""
