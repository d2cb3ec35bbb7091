// Which roles may give which order, as the hub's catalogue has it; tests/pages/test_types.py compares the two.
// It only decides what is shown: the hub checks every order itself.

export type Role = "owner" | "operator" | "installer" | "support" | "viewer";

const STEER: readonly Role[] = ["owner", "operator", "installer"];
const HELP: readonly Role[] = [...STEER, "support"];
const DRAW: readonly Role[] = ["installer"];
const NAME: readonly Role[] = ["owner", "installer"];
const OWN: readonly Role[] = ["owner"];

export const ROLES: readonly (readonly [Role, string])[] = [
  ["owner", "people, tokens and what leaves the site"],
  ["operator", "limits and permissions, from day to day"],
  ["installer", "the drawing and the devices in it"],
  ["support", "start, stop, unlock and restart for drivers"],
  ["viewer", "reads"],
];

/** An order that is not named here is everybody's. */
export const MAY: Readonly<Record<string, readonly Role[]>> = {
  "charger.set_limit": STEER,
  "charger.allow": STEER,
  "charger.stop": HELP,
  "charger.unlock": HELP,
  "charger.reset": HELP,
  "device.adopt": DRAW,
  "device.replace": DRAW,
  "device.retire": DRAW,
  "device.rename": NAME,
  "user.list": OWN,
  "user.add": OWN,
  "user.role": OWN,
  "user.reset": OWN,
  "user.remove": OWN,
  "token.list": OWN,
  "token.create": OWN,
  "token.revoke": OWN,
};
