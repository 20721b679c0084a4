// Reads the page again when something has changed. A part is left alone while somebody is in it.
(() => {
  "use strict";
  const url = document.body.dataset.events;
  if (!url || !window.EventSource) return;
  const typedIn = new WeakSet();
  let source = null;
  let timer = 0;
  let pressed = false;

  document.addEventListener("input", (event) => {
    if (event.target.form) typedIn.add(event.target.form);
  });
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

  const refresh = async () => {
    timer = 0;
    const answer = await fetch(document.body.dataset.here, { headers: { "Desk-Refresh": "1" } }).catch(() => null);
    if (!answer || answer.status >= 500) return;
    if (answer.redirected) { if (!typing()) location.reload(); return; }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const now = fresh.getElementById(part.id);
      if (!now || now.dataset.live === part.dataset.live) continue;
      if (inUse(part)) { document.getElementById("changed").hidden = false; continue; }
      part.replaceWith(document.adoptNode(now));
    }
  };
  const typing = () => [...document.forms].some(typed);
  const soon = () => { timer = timer || setTimeout(refresh, 700 + Math.random() * 600); };

  const listen = () => {
    if (source || document.hidden || !document.querySelector("[data-live]")) return;
    source = new EventSource(url);
    source.addEventListener("reset", soon);
    for (const type of document.body.dataset.types.split(" ")) source.addEventListener(type, soon);
  };
  const rest = () => { if (source) source.close(); source = null; };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { rest(); return; }
    listen();
    soon();
  });
  window.addEventListener("pagehide", rest);
  listen();
})();
