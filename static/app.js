// The little that pages need beyond htmx: colours, menus, messages, the search key and the focus.
// Loaded in the head without "defer", so that a page never shows in the wrong state first.
"use strict";

(() => {
  const root = document.documentElement;
  root.classList.add("js");

  const TOAST_SECONDS = 6;
  const TONES = { success: "text-green", error: "text-red", info: "text-blue" };
  const ICONS = { success: "circle-check", error: "alert-triangle", info: "info-circle" };

  // --- Colours: a cookie, so that the server writes the right one into the next page ---

  function choose(theme) {
    root.dataset.bsTheme = theme;
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax${secure}`;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
    }
  }

  // --- Messages: what is said of them stands with their place in the page, in its language ---

  function said(what) {
    return document.getElementById("toasts").dataset[what];
  }

  function icon(name, tone) {
    // The sprite's address changes with its content: take it from an icon of the page.
    const sprite = document.querySelector("use")?.getAttribute("href")?.split("#")[0];
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", `icon ${tone}`);
    svg.setAttribute("aria-hidden", "true");
    if (sprite) {
      const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
      use.setAttribute("href", `${sprite}#${name}`);
      svg.append(use);
    }
    return svg;
  }

  function expire(toast) {
    if (toast.hasAttribute("data-keep")) return;
    let timer = 0;
    const start = () => { timer = setTimeout(() => toast.remove(), TOAST_SECONDS * 1000); };
    const stop = () => clearTimeout(timer);
    for (const event of ["mouseenter", "focusin"]) toast.addEventListener(event, stop);
    for (const event of ["mouseleave", "focusout"]) toast.addEventListener(event, start);
    start();
  }

  function show({ text, kind = "success" }) {
    const toast = document.createElement("div");
    toast.className = "toast show mw-100";
    toast.toggleAttribute("data-keep", kind === "error");
    const body = document.createElement("div");
    body.className = "toast-body d-flex gap-2 align-items-center";
    const words = document.createElement("span");
    words.className = "flex-fill text-break";
    words.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "btn-close";
    close.setAttribute("aria-label", said("close"));
    close.toggleAttribute("data-dismiss", true);
    body.append(icon(ICONS[kind] ?? ICONS.info, TONES[kind] ?? TONES.info), words, close);
    toast.append(body);
    document.getElementById("toasts").append(toast);
    expire(toast);
  }

  // --- Focus: the summary of errors after a form came back, else what was pressed, drawn anew ---

  let pressed = null;

  function nameOf(one) {
    return one.getAttribute("aria-label") ?? one.textContent.trim();
  }

  function focusAgain(within) {
    const errors = within.querySelector?.("[data-focus]");
    if (errors) errors.focus();
    if (errors || !pressed || pressed.isConnected || document.activeElement !== document.body) return;
    // "Add a service" leads to the boxes of the new row, which are the last that are called "items-…".
    const rows = pressed.value?.match(/^add-(.+)$/)?.[1];
    const boxes = rows ? [...within.querySelectorAll(`[name^="${rows}-"]:not([type=hidden])`)] : [];
    const last = Math.max(...boxes.map((box) => parseInt(box.name.slice(rows.length + 1), 10)));
    const box = boxes.find((one) => one.name.startsWith(`${rows}-${last}-`) && one.offsetParent);
    const others = [...within.querySelectorAll("a[href], button")];
    const add = `add-${pressed.value?.match(/^remove-(.+)-\d+$/)?.[1]}`;
    const again = others.find((one) => nameOf(one) === nameOf(pressed) && one.value === pressed.value);
    (box ?? others.find((one) => one.value === add) ?? again)?.focus();
  }

  // --- What a screen reader is told of a part that came: its one sentence, said where it was before ---

  function tell(within) {
    const said = within.matches?.("[data-said]") ? within : within.querySelector?.("[data-said]");
    if (said) document.getElementById("said").textContent = said.textContent.trim();
  }

  // --- A form that is sent is not sent twice; its answer or a step back in history frees it ---

  function busy(form, submitter) {
    for (const button of form.querySelectorAll("button[type=submit]")) {
      button.setAttribute("aria-disabled", "true");
    }
    if (submitter?.dataset.running) {
      submitter.dataset.label = submitter.textContent;
      submitter.textContent = submitter.dataset.running;
    }
    form.dataset.sent = "true";
  }

  function free(form) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button[aria-disabled]")) {
      if (button.dataset.label) button.textContent = button.dataset.label;
      delete button.dataset.label;
      button.removeAttribute("aria-disabled");
    }
  }

  // --- Menus: <details class="menu"> closes on Escape and on a click elsewhere ---

  function closeMenus(except) {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (menu !== except) menu.removeAttribute("open");
    }
  }

  function toggle(button) {
    const open = document.getElementById(button.dataset.toggle).classList.toggle("show");
    button.setAttribute("aria-expanded", String(open));
  }

  function typing(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  }

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : root;
    pressed = target.closest("a, button");
    closeMenus(target.closest("details.menu"));
    const theme = target.closest("[data-theme-choice]");
    if (theme) choose(theme.dataset.themeChoice);
    const toggler = target.closest("[data-toggle]");
    if (toggler) toggle(toggler);
    if (target.closest("[data-dismiss]")) target.closest(".toast")?.remove();
  });

  // --- What the search finds: up and down go through it, Escape leaves it ---

  function stepThrough(event) {
    const field = document.getElementById("search");
    const found = [...document.querySelectorAll("#found a")];
    if (event.key === "Escape") {
      document.getElementById("found").replaceChildren();
      field.focus();
      return true;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !found.length) return false;
    event.preventDefault();
    const to = found.indexOf(document.activeElement) + step;
    (to < 0 ? field : found[Math.min(to, found.length - 1)]).focus();
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.target.closest?.(".search")) {
      const menu = document.querySelector("details.menu[open]");
      closeMenus(null);
      menu?.querySelector("summary").focus();
      return;
    }
    if (event.target.closest?.(".search") && stepThrough(event)) return;
    if (document.body.hasAttribute("data-no-shortcuts")) return;
    const slash = event.key === "/" && !event.ctrlKey && !event.metaKey && !typing(event.target);
    const palette = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
    const search = document.getElementById("search");
    if (search && (slash || palette)) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.submitter?.hasAttribute("data-download")) return; // a file comes, the page stays
    if (form.dataset.sent) {
      event.preventDefault();
      event.stopImmediatePropagation();
    } else if (form.method === "post") busy(form, event.submitter);
  }, true); // before htmx, which sends what it hears of

  // --- Rows that are chosen: how many, and all of the page at once ---

  function countPicked() {
    const bar = document.querySelector("[data-selection]");
    const said = bar?.querySelector("[data-picked]");
    if (!said) return;
    const boxes = [...document.querySelectorAll("[data-pick]")];
    const count = boxes.filter((box) => box.checked).length;
    said.textContent = said.dataset.picked.replace("#", count);
    for (const button of bar.querySelectorAll("[data-needs-pick]")) button.disabled = !count;
    const all = document.querySelector("[data-pick-all]");
    all.checked = count === boxes.length;
    all.indeterminate = count > 0 && !all.checked;
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-pick-all]")) {
      for (const box of document.querySelectorAll("[data-pick]")) box.checked = event.target.checked;
    }
    if (event.target.matches?.("[data-pick], [data-pick-all]")) countPicked();
  });

  // A secret that is shown once: without JavaScript its field is selected by hand.
  const offerCopy = (root) => {
    for (const button of root.querySelectorAll("[data-copy]")) button.hidden = false;
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      show({ text: said("copied"), kind: "success" });
    } catch {
      show({ text: said("selected"), kind: "info" });
    }
  });

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelector("[data-focus]")?.focus();
    document.querySelector(".nav-tabs .active")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    offerCopy(document);
    countPicked();
    for (const toast of document.querySelectorAll(".toast")) {
      // A live region speaks what is put into it, not what it was born with.
      toast.parentElement.append(toast);
      expire(toast);
    }
    document.body.addEventListener("toast", (event) => show(event.detail));
    // After signing in again in another tab: what stands in this page belongs to the new session.
    document.body.addEventListener("form-token", ({ detail }) => {
      for (const field of document.querySelectorAll("[name=_csrf_token]")) field.value = detail.token;
      document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": detail.token }));
    });
    document.body.addEventListener("htmx:beforeRequest", () => {
      for (const alert of document.querySelectorAll("[data-signed-out]")) alert.remove();
    });
    document.body.addEventListener("htmx:afterSwap", (event) => {
      focusAgain(event.detail.elt);
      tell(event.detail.elt);
      offerCopy(document);
      countPicked();
    });
    document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
      // One that leads to another page stays busy until that is there.
      if (detail.elt.dataset?.sent && !detail.xhr.getResponseHeader("HX-Redirect")) free(detail.elt);
    });
    document.body.addEventListener("htmx:sendError", () => {
      show({ text: said("unreached"), kind: "error" });
    });
    document.body.addEventListener("htmx:responseError", (event) => {
      if (!event.detail.xhr.getResponseHeader("HX-Trigger")) {
        show({ text: said("failed"), kind: "error" });
      }
    });
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) free(form);
    countPicked();
  });
})();
