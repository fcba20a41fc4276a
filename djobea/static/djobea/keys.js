// Keys of the console: "?" lists them (the list is a page of ours, in the reader's language); "g" and a letter goes to a page.
(() => {
  const list = document.currentScript.src.replace(/\/static\/.*$/, "/admin/keys/");
  let isAfterG = false;

  const isWriting = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

  const show = async () => {
    let dialog = document.getElementById("dj-keys");
    if (!dialog) {
      dialog = document.createElement("dialog");
      dialog.id = "dj-keys";
      dialog.className = "dj-keys";
      const answer = await fetch(list, { credentials: "same-origin" });
      if (!answer.ok) return;
      dialog.innerHTML = await answer.text();
      document.body.append(dialog);
      dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    }
    dialog.showModal();
  };

  const go = async (letter) => {
    const answer = await fetch(list, { credentials: "same-origin" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const link = page.querySelector(`a[data-key="${CSS.escape(letter)}"]`);
    if (link) window.location.assign(link.getAttribute("href"));
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
    if (event.key === "?") {
      event.preventDefault();
      show();
    } else if (isAfterG) {
      isAfterG = false;
      go(event.key);
    } else if (event.key === "g") {
      isAfterG = true;
      setTimeout(() => { isAfterG = false; }, 1500);
    }
  });
})();
