// The box to write in, with places, photos and voice notes to attach.

import { el, icon } from "./dom.js";
import { call, store } from "./store.js";
import { t } from "./words.js";

const PLACES = [
  ["Bonamoussadi, Douala", 4.0896, 9.7405], ["Akwa, Douala", 4.0489, 9.6959], ["Makepe, Douala", 4.0758, 9.7583],
  ["Deïdo, Douala", 4.0646, 9.7108], ["Bonapriso, Douala", 4.0236, 9.6989], ["Ndokoti, Douala", 4.0434, 9.7424],
  ["Bastos, Yaoundé", 3.8967, 11.5089],
];

export function composer(phone, draft) {
  const channel = phone.whatsapp ? "whatsapp" : "sms";
  const isMute = !phone.on || (channel === "sms" && !store.settings.sms_two_way);
  const hint = !phone.on ? t("phone_off") : isMute ? t("sms_one_way") : t(channel === "sms" ? "write_sms" : "write");
  const input = el("input", { type: "text", name: "text", placeholder: hint, "aria-label": hint, disabled: isMute, autocomplete: "off", maxLength: 4096, value: draft, enterKeyHint: "send" });
  const tray = el("div", { class: "tray", hidden: true });
  const write = (wish) => call("inbound", { phone: phone.number, channel, ...wish });
  const form = el("form", { class: "composer", onsubmit: async (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    input.value = "";
    await write({ text }).catch(() => { input.value = text; });
  } },
    tray,
    el("button", { type: "button", class: "attach", "aria-label": t("attach"), title: t("attach"), disabled: isMute || channel === "sms", onclick: () => { tray.hidden = !tray.hidden; drawTray(tray, write); } }, icon("plus")),
    input,
    el("button", { type: "submit", class: "send", "aria-label": t("send"), title: t("send"), disabled: isMute }, icon("send")));
  return form;
}

function drawTray(tray, write) {
  const done = () => { tray.hidden = true; };
  const open = (build) => () => tray.replaceChildren(build(write, done));
  const option = (name, build) => el("button", { type: "button", class: `option ${name}`, onclick: open(build) }, el("i", {}, icon(name === "location" ? "pin" : name)), t(name));
  tray.replaceChildren(el("div", { class: "options" }, option("location", placeForm), option("photo", photoForm), option("voice", voiceForm)));
}

function placeForm(write, done) {
  const select = el("select", { "aria-label": t("place") }, PLACES.map(([name], index) => el("option", { value: index }, name)));
  const send = async () => {
    const [label, latitude, longitude] = PLACES[select.value];
    done();
    await write({ location: { latitude, longitude, label } });
  };
  return el("div", { class: "form" }, select, el("button", { type: "button", class: "primary", onclick: send }, t("here")));
}

function photoForm(write, done) {
  const file = el("input", { type: "file", accept: "image/*,video/*,application/pdf", hidden: true, onchange: () => file.files[0] && sendBlob(file.files[0], file.files[0].name) });
  const sendBlob = async (blob, name) => {
    done();
    await write({ media: { content_type: blob.type || "application/octet-stream", data_base64: await base64(blob), file_name: name } });
  };
  const sample = async () => sendBlob(await (await fetch("/static/sample.jpg")).blob(), "fuite.jpg");
  return el("div", { class: "form" }, file,
    el("button", { type: "button", class: "primary", onclick: sample }, t("sample_photo")),
    el("button", { type: "button", class: "quiet", onclick: () => file.click() }, t("choose_file")));
}

function voiceForm(write, done) {
  const sendBlob = async (blob) => {
    done();
    await write({ media: { content_type: "audio/ogg", data_base64: await base64(blob), file_name: "note.ogg" } });
  };
  const sample = async () => sendBlob(await (await fetch("/static/sample.ogg")).blob());
  const record = el("button", { type: "button", class: "quiet", onclick: () => startRecording(record, sendBlob) }, t("record"));
  return el("div", { class: "form" }, el("button", { type: "button", class: "primary", onclick: sample }, t("sample_voice")), record);
}

async function startRecording(button, sendBlob) {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const recorder = new MediaRecorder(stream);
    const parts = [];
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.onstop = () => {
      stream.getTracks().forEach((each) => each.stop());
      sendBlob(new Blob(parts, { type: "audio/ogg" }));
    };
    recorder.start();
    button.textContent = t("stop_recording");
    button.onclick = () => recorder.stop();
  } catch {
    button.textContent = t("no_microphone");
    button.disabled = true;
  }
}

async function base64(blob) {
  const url = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
  return url.slice(url.indexOf(",") + 1);
}
