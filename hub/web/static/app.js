// The read-only live page: one document over a WebSocket, drawn anew whenever it comes.

const byId = (id) => document.getElementById(id);
const STATES = {
  available: ["□", "Free", "off"],
  preparing: ["‖", "Plugged in", "waiting"],
  charging: ["▲", "Charging", "charging"],
  suspended_ev: ["‖", "Car is not drawing", "waiting"],
  suspended_evse: ["‖", "Waiting", "waiting"],
  finishing: ["✓", "Finished", "off"],
  reserved: ["◇", "Reserved", "reserved"],
  unavailable: ["✕", "Out of service", "off"],
  faulted: ["✕", "Fault", "fault"],
};

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function shown(value, digits, unit) {
  return value === null || value === undefined ? "–" : `${value.toFixed(digits)} ${unit}`;
}

function phaseRow(name, amps, limit) {
  const row = element("div", "phase");
  row.append(element("span", "", name.toUpperCase()));
  const bar = element("meter");
  Object.assign(bar, { min: 0, max: limit || 1, high: limit || 1, value: Math.max(0, amps || 0) });
  bar.setAttribute("aria-label", `${name.toUpperCase()} of the circuit`);
  row.append(bar, element("b", "", `${shown(amps, 1, "")}of ${shown(limit, 1, "A")}`));
  return row;
}

function circuitCard([id, circuit]) {
  const card = element("article", "card");
  const title = element("h3", "", circuit.name || id);
  title.append(element("span", "", shown(circuit.power_w === null ? null : circuit.power_w / 1000, 1, "kW")));
  card.append(title);
  for (const name of ["l1", "l2", "l3"]) {
    if (circuit.limit_a[name] !== null) card.append(phaseRow(name, circuit.current_a[name], circuit.limit_a[name]));
  }
  if (circuit.over) card.append(element("p", "note over", "✕ Over its limit: the cars are being slowed down"));
  else if (circuit.binding) card.append(element("p", "note binding", "◄ All of it is given out: it limits cars now"));
  return card;
}

function bayRow([id, charger]) {
  const row = element("li", "bay");
  let [shape, word, tone] = STATES[charger.status] || ["?", "Unknown", "off"];
  if (!charger.online) [shape, word, tone] = ["✕", charger.online === null ? "Not heard of yet" : "No contact", "fault"];
  if (charger.status === "charging" && !charger.limit_a) [shape, word, tone] = ["‖", "Waiting", "waiting"];
  row.append(element("strong", "", charger.name || id));
  row.append(element("span", `state ${tone}`, `${shape} ${word}`));
  row.append(element("span", "number", shown(charger.power_w === null ? null : charger.power_w / 1000, 1, "kW")));
  const energy = charger.session ? charger.session.energy_wh : null;
  row.append(element("span", "number", shown(energy === null ? null : energy / 1000, 2, "kWh")));
  row.append(element("span", "why", charger.limit_text || ""));
  return row;
}

function foundRow(device) {
  const row = element("li", "bay found");
  row.append(element("strong", "", device.station), element("span", "", device.integration));
  row.append(element("span", "why", `evhub order device.adopt station=${device.station}`));
  return row;
}

function sentence(site) {
  const { total, charging, online } = site.chargers;
  const power = site.power_w === null ? "" : ` The site draws ${(site.power_w / 1000).toFixed(1)} kW.`;
  if (total === 0) return "No charger is in the drawing yet. Point one at the hub, or adopt one that was found.";
  return `${charging} of ${total} bays charging${online < total ? `, ${total - online} without contact` : ""}.${power}`;
}

let told = "";
let toldAt = 0;

function draw(status) {
  byId("site").textContent = status.site.name;
  document.title = status.site.name;
  const now = sentence(status.site);
  if (now !== told && Date.now() - toldAt > 10_000) {
    byId("sentence").textContent = told = now;
    toldAt = Date.now();
  }
  byId("circuits").replaceChildren(...Object.entries(status.circuits).map(circuitCard));
  byId("bays").replaceChildren(...Object.entries(status.chargers).map(bayRow));
  byId("found").replaceChildren(...status.candidates.map(foundRow));
  byId("found-part").hidden = status.candidates.length === 0;
}

function say(text, tone) {
  byId("link").textContent = text;
  byId("link").className = `link ${tone}`;
}

function connect(attempt) {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/live`);
  let reached = false;
  socket.onmessage = async (message) => {
    reached = true;
    say("● live", "live");
    draw(JSON.parse(typeof message.data === "string" ? message.data : await message.data.text()));
  };
  socket.onclose = () => {
    say("✕ no contact with the hub; trying again", "lost");
    const next = reached ? 1 : attempt + 1;
    setTimeout(() => connect(next), Math.min(30_000, 500 * 2 ** next) * (0.5 + Math.random() / 2));
  };
}

connect(0);
