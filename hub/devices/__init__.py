"""The devices room: the site's live chargers and meters, whichever integration speaks to them."""
