// The letter beside its form, as it is written: drawn anew after a pause, the old one kept until then.
(() => {
  const DRAWN_WITHIN = 2500;
  const show = document.querySelector("[data-letter]");
  let pause = 0;
  const draw = () => {
    if (!show.form.checkValidity()) return;
    const before = document.querySelector(`iframe[name=${show.formTarget}]`);
    const after = document.createElement("iframe");
    show.formTarget = `letter-${Date.now()}`;
    Object.assign(after, { name: show.formTarget, className: "letter drawn", title: before.title });
    before.after(after);
    show.form.requestSubmit(show);
    setTimeout(() => before.remove(), DRAWN_WITHIN);
  };
  if (show) show.form.addEventListener("input", () => { clearTimeout(pause); pause = setTimeout(draw, 1200); });
})();
// Reads the page again when something has changed. A part is left alone while somebody is in it.
(() => {
  "use strict";
  const LEAST_BETWEEN = 3000;
  const TIMES_GROW_OLD = 120000;
  const url = document.body.dataset.events;
  if (!url || !window.EventSource) return;
  const typedIn = new WeakSet();
  let [source, timer, last, pressed] = [null, 0, 0, false];

  document.addEventListener("input", (event) => { if (event.target.form) typedIn.add(event.target.form); });
  document.addEventListener("pointerdown", () => { pressed = true; });
  for (const name of ["pointerup", "pointercancel"]) {
    document.addEventListener(name, () => { pressed = false; });
  }

  const typed = (form) => typedIn.has(form) || "typed" in form.dataset;
  const inUse = (part) => {
    const selected = window.getSelection();
    const chosen = selected && !selected.isCollapsed && part.contains(selected.anchorNode);
    const forms = [...part.querySelectorAll("form")];
    return pressed || chosen || part.contains(document.activeElement) || forms.some(typed);
  };

  const words = (details) => details.querySelector("summary").textContent;
  const refresh = async (all) => {
    timer = 0;
    last = Date.now();
    const answer = await fetch(document.body.dataset.here, { headers: { "Desk-Refresh": "1" } }).catch(() => null);
    if (!answer || answer.status >= 500) return;
    // The session is over: whoever comes next is not to see what is left on the screen.
    if (answer.redirected) { if (!typing()) location.replace(document.body.dataset.here); return; }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const now = fresh.getElementById(part.id);
      const same = now && now.dataset.live === part.dataset.live;
      if (!now || (same && !all)) continue;
      if (inUse(part)) { if (!same) document.getElementById("changed").hidden = false; continue; }
      const open = new Set([...part.querySelectorAll("details[open]")].map(words));
      for (const one of now.querySelectorAll("details")) one.open = one.open || open.has(words(one));
      part.replaceWith(document.adoptNode(now));
    }
  };
  const typing = () => [...document.forms].some(typed);
  const soon = () => {
    const wait = Math.max(700, LEAST_BETWEEN - (Date.now() - last)) + Math.random() * 600;
    timer = timer || setTimeout(refresh, wait, false);
  };

  const listen = () => {
    if (source || document.hidden || !document.querySelector("[data-live]")) return;
    source = new EventSource(url);
    source.addEventListener("reset", soon);
    for (const type of document.body.dataset.types.split(" ")) source.addEventListener(type, soon);
  };
  const rest = () => { if (source) source.close(); source = null; };
  document.addEventListener("visibilitychange", () => { if (document.hidden) rest(); else { listen(); soon(); } });
  window.addEventListener("pagehide", rest);
  setInterval(() => { if (!document.hidden) refresh(true); }, TIMES_GROW_OLD);
  listen();
})();
