"use strict";
// The clock of WhatsApp's 24-hour window, and a draft of the reply that outlives a reload.
(() => {
  const HOUR = 3600;
  const two = (number) => String(number).padStart(2, "0");

  let known = null;
  let ahead = 0; // milliseconds by which the server's clock is ahead of this machine's

  const tick = () => {
    const box = document.querySelector(".dj-window");
    if (!box || !box.dataset.closes) return;
    if (box !== known) {
      known = box;
      ahead = Date.parse(box.dataset.now) - Date.now();
    }
    const left = Math.floor((Date.parse(box.dataset.closes) - Date.now() - ahead) / 1000);
    if (left <= 0) {
      box.dataset.closes = "";
      box.querySelector("b").textContent = box.dataset.closedText;
      box.querySelector("progress")?.remove();
      return;
    }
    const clock = `${Math.floor(left / HOUR)}:${two(Math.floor((left % HOUR) / 60))}:${two(left % 60)}`;
    box.querySelector(".dj-left").textContent = clock;
    box.querySelector("progress").value = left;
    box.classList.toggle("dj-soon", left < 4 * HOUR);
    box.classList.toggle("dj-very-soon", left < HOUR);
  };
  tick();
  setInterval(tick, 1000);
  document.addEventListener("htmx:afterSwap", tick);

  // A template's bubble shows what was typed into its fields.
  const show = (input) => {
    for (const mark of document.querySelectorAll(`mark[data-shows="${input.name}"]`)) {
      const said = input.value.trim().replace(/\s+/g, " ");
      mark.textContent = said || mark.dataset.empty;
      mark.classList.toggle("dj-is-filled", said !== "");
    }
  };
  for (const input of document.querySelectorAll(".dj-choice-fields [name]")) {
    input.addEventListener("input", () => show(input));
    show(input);
  }

  const field = document.getElementById("dj-reply-text");
  if (!field) return;
  const key = `djobea-draft:${window.location.pathname}`;
  field.value = field.value || sessionStorage.getItem(key) || "";
  field.addEventListener("input", () => sessionStorage.setItem(key, field.value));
  field.form.addEventListener("submit", () => sessionStorage.removeItem(key));
})();
