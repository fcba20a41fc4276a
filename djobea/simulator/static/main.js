// Puts the page together: phones side by side, panels, clock and language.

import { drawAccount } from "./account_panel.js";
import { openAddPhone } from "./add_phone.js";
import { el, icon } from "./dom.js";
import { drawFaults } from "./faults_panel.js";
import { drawLog } from "./log_panel.js";
import { PhoneView } from "./phone.js";
import { call, connect, now, on, store } from "./store.js";
import { currentLanguage, speak, t, translatePage } from "./words.js";

const FIRST_SHOWN = { customer: 1, provider: 3 };
const TABS = { faults: drawFaults, account: drawAccount, log: drawLog };
const SMALL = matchMedia("(max-width: 720px)");
const stage = document.querySelector(".phones");
const panel = document.querySelector(".panel");
const dialog = document.querySelector("#add-phone");
const views = new Map();
let openTab = "";

const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const view = views.get(entry.target.dataset.phone);
    if (!view) continue;
    view.isSeen = entry.isIntersecting;
    if (view.isSeen) view.look();
  }
}, { threshold: 0.5 });

function shownNumbers() {
  const kept = JSON.parse(sessionStorage.getItem("phones") ?? "null");
  if (kept) return kept.filter((number) => store.phones.has(number));
  const left = { ...FIRST_SHOWN };
  return [...store.phones.values()].filter((each) => (left[each.role] ?? 0) > 0 && left[each.role]-- > 0).map((each) => each.number);
}

function keep(numbers) {
  sessionStorage.setItem("phones", JSON.stringify(numbers));
}

function show(number) {
  if (!views.has(number)) {
    keep([...views.keys(), number]);
    addView(number);
  }
  views.get(number).node.scrollIntoView({ behavior: "smooth", inline: "center", block: "nearest" });
}

function hide(number) {
  views.get(number).node.remove();
  views.delete(number);
  keep([...views.keys()]);
}

function addView(number) {
  const view = new PhoneView(store.phones.get(number), { hide });
  views.set(number, view);
  stage.append(view.node);
  seen.observe(view.node);
}

function drawAll() {
  translatePage();
  drawTime();
  seen.disconnect();
  views.clear();
  stage.replaceChildren();
  shownNumbers().forEach(addView);
  drawPanel();
  drawCounts();
}

function drawPanel() {
  panel.hidden = !openTab;
  document.body.dataset.tab = openTab || "phones";
  document.querySelectorAll(".tabs [data-tab]").forEach((each) => each.setAttribute("aria-pressed", String(each.dataset.tab === (openTab || "phones"))));
  if (!openTab) return;
  let body = panel.querySelector(".panel-body");
  if (panel.dataset.tab !== openTab || panel.dataset.language !== currentLanguage()) {
    Object.assign(panel.dataset, { tab: openTab, language: currentLanguage() });
    panel.setAttribute("aria-label", t(openTab));
    body = el("div", { class: "panel-body", tabIndex: 0 });
    panel.replaceChildren(el("div", { class: "panel-head" }, el("h2", {}, t(openTab)), el("button", { type: "button", "aria-label": t("close"), onclick: () => choose("phones") }, icon("cross"))), body);
  }
  TABS[openTab](body);
}

function drawCounts() {
  count("faults", store.faults.length ? String(store.faults.length) : "");
  const [main] = store.accounts;
  count("account", main && main.daily_limit !== null ? `${main.used_today}/${main.daily_limit}` : "");
  document.querySelector(`.tabs [data-tab="account"] .count`).classList.toggle("full", Boolean(main && main.daily_limit !== null && main.used_today >= main.daily_limit));
}

function count(tab, text) {
  const node = document.querySelector(`nav [data-tab="${tab}"] .count`);
  node.textContent = text;
  node.hidden = !text;
}

function choose(tab) {
  openTab = tab === "phones" || (tab === openTab && !SMALL.matches) ? "" : tab;
  drawPanel();
}

function drawTime() {
  const offset = store.clock.offset_seconds;
  const moment = new Date(now() * 1000);
  const day = moment.toLocaleDateString(currentLanguage(), { weekday: "short", day: "numeric", month: "short" });
  const time = moment.toLocaleTimeString(currentLanguage(), { hour: "2-digit", minute: "2-digit" });
  document.querySelector(".time time").textContent = `${day} ${time}`;
  document.querySelector('[data-advance="reset"]').hidden = !offset;
}

function listen() {
  on("all", drawAll);
  on("live", (isLive) => {
    const node = document.querySelector(".live");
    node.classList.toggle("is-live", isLive);
    node.firstElementChild.dataset.words = isLive ? "live" : "lost";
    translatePage();
  });
  on("message", (event) => views.get(event.message.phone)?.take(event));
  on("message", ({ message }) => message.direction === "inbound" && noteWriting(message));
  on("phone", (phone) => views.get(phone.number)?.draw());
  on("faults", () => { drawCounts(); if (openTab === "faults") drawPanel(); });
  on("accounts", () => { drawCounts(); if (openTab === "account") drawPanel(); });
  on("log", () => { if (openTab === "log") requestAnimationFrame(drawPanel); });
  on("clock", drawTime);
  document.addEventListener("visibilitychange", () => views.forEach((view) => view.look()));
  document.querySelectorAll(".tabs [data-tab]").forEach((each) => each.addEventListener("click", () => choose(each.dataset.tab)));
  document.querySelectorAll("[data-language]").forEach((each) => each.addEventListener("click", () => { speak(each.dataset.language); drawAll(); }));
  document.querySelectorAll("[data-advance]").forEach((each) => each.addEventListener("click", () => {
    call("clock", each.dataset.advance === "reset" ? { offset_seconds: 0 } : { advance_seconds: Number(each.dataset.advance) });
  }));
  document.querySelector("[data-open]").addEventListener("click", () => openAddPhone(dialog, [...views.keys()], show));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && openTab && !dialog.open) choose("phones"); });
}

// The 24-hour window of the phone opens when it writes.
function noteWriting(message) {
  const phone = store.phones.get(message.phone);
  if (phone && message.channel === "whatsapp") phone.last_wrote[message.to] = message.created;
}

translatePage();
listen();
setInterval(drawTime, 10000);
setInterval(() => { if (openTab === "faults" && store.faults.some((each) => each.until)) drawPanel(); }, 1000);
connect();
