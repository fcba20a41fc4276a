// What the simulator knows, kept up to date by server-sent events.

import { toast } from "./dom.js";

export const store = { phones: new Map(), messages: new Map(), log: [], accounts: [], senders: [], faults: [], known: [], scripts: [], running: [], settings: {}, clock: { offset_seconds: 0 } };

const listeners = new Map();

export function on(name, listener) {
  listeners.set(name, [...(listeners.get(name) ?? []), listener]);
}

function tell(name, data) {
  (listeners.get(name) ?? []).forEach((listener) => listener(data));
}

export const now = () => Date.now() / 1000 + store.clock.offset_seconds;

export async function call(path, wish, method) {
  const options = wish === undefined ? { method: method ?? "GET" } : { method: method ?? "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(wish) };
  const response = await fetch(`/control/${path}`, options);
  const found = await response.json();
  if (!response.ok) {
    toast(found.error ?? response.statusText);
    throw new Error(found.error);
  }
  return found;
}

// What happens while the whole state is on its way is held back: the state may be older and would wipe it out.
let loading = 0;
const held = [];

async function loadAll() {
  loading += 1;
  try {
    take(await call("state"));
  } finally {
    loading -= 1;
    if (!loading) held.splice(0).forEach((hearing) => hearing());
  }
}

function take(state) {
  store.phones = new Map(state.phones.map((each) => [each.number, each]));
  store.messages = new Map(state.messages.map((each) => [each.sid, each]));
  for (const name of ["log", "accounts", "senders", "faults", "known", "scripts", "running", "settings", "clock"]) store[name] = state[name];
  tell("all");
}

let faultsTimer;
function faultsSoon() {
  clearTimeout(faultsTimer);
  faultsTimer = setTimeout(loadFaults, 50);
}

export async function loadFaults() {
  const [faults, scripts, budgets] = await Promise.all([call("faults"), call("script"), call("accounts")]);
  Object.assign(store, { faults: faults.faults, known: faults.known, running: scripts.running, scripts: scripts.scripts }, budgets);
  tell("faults");
  tell("accounts");
}

let budgetTimer;
function budgetSoon() {
  budgetTimer ??= setTimeout(async () => {
    budgetTimer = undefined;
    Object.assign(store, await call("accounts"));
    tell("accounts");
  }, 700);
}

export function connect() {
  const source = new EventSource("/control/events");
  source.onopen = async () => {
    await loadAll();
    tell("live", source.readyState === EventSource.OPEN);
  };
  source.onerror = () => tell("live", false);
  const hear = (name, listener) =>
    source.addEventListener(name, (event) => {
      const hearing = () => listener(JSON.parse(event.data));
      loading ? held.push(hearing) : hearing();
    });
  source.addEventListener("reload", loadAll);
  hear("message", (message) => {
    const before = store.messages.get(message.sid);
    store.messages.set(message.sid, message);
    tell("message", { message, before });
    budgetSoon();
  });
  hear("phone", (phone) => {
    store.phones.set(phone.number, phone);
    tell("phone", phone);
  });
  hear("faults", faultsSoon);
  hear("accounts", (budgets) => {
    Object.assign(store, budgets);
    tell("accounts");
  });
  hear("clock", (clock) => {
    store.clock = clock;
    tell("clock");
  });
  hear("log", (entry) => {
    store.log.push(entry);
    if (store.log.length > 400) store.log.splice(0, 100);
    tell("log", entry);
    if (entry.kind === "api" && entry.method === "POST") faultsSoonIfAny();
  });
}

function faultsSoonIfAny() {
  if (store.faults.length) faultsSoon();
}
