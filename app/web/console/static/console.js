// What the pages do beyond plain links and forms; without it all of them can still be read and used.
"use strict";

// Before anything is painted: the system's choice of light or dark.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const follow = () => { document.documentElement.dataset.bsTheme = dark.matches ? "dark" : "light"; };
follow();
dark.addEventListener("change", follow);
// What is of use with scripts alone is shown then.
document.documentElement.classList.add("gg-scripted");

// --- Forms ----------------------------------------------------------------------------------------------------

const TWICE = 1000;
const sent = new WeakMap();

// A double click sends once; the service refuses what comes twice all the same.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.timeStamp - (sent.get(event.target) ?? -TWICE) < TWICE) event.preventDefault();
  else sent.set(event.target, event.timeStamp);
});

const boxes = () => [...document.querySelectorAll("tbody input[name=violation]")];

function tally() {
  const all = document.getElementById("choose-all"), chosen = boxes().filter((box) => box.checked).length;
  if (!all) return;
  all.checked = chosen > 0 && chosen === boxes().length;
  all.indeterminate = chosen > 0 && !all.checked;
}

document.addEventListener("change", (event) => {
  if (event.target.id === "choose-all") boxes().forEach((box) => { box.checked = event.target.checked; });
  tally();
});
window.addEventListener("pageshow", tally);

// --- Keys -----------------------------------------------------------------------------------------------------

const KEYS_OFF = "gerege-no-keys";
const rows = () => [...document.querySelectorAll("tr[data-violation]")];
const current = () => document.activeElement?.closest("tr[data-violation]");

function move(by) {
  const all = rows();
  const at = all.indexOf(current());
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by))];
  next?.querySelector("a.gg-open").focus();
  return Boolean(next);
}

function choose() {
  const box = current()?.querySelector("input[type=checkbox]");
  box?.click();
  return Boolean(box);
}

// In a form Enter would send it.
function openRow() {
  const inBox = document.activeElement.matches("#several input[type=checkbox]");
  if (inBox) current()?.querySelector("a.gg-open").click();
  return inBox;
}

function takeNext() {
  const form = document.getElementById("next");
  form?.requestSubmit();
  return Boolean(form);
}

function showKeys() {
  document.getElementById("keys")?.showModal();
  return true;
}

const LETTERS = { j: () => move(1), k: () => move(-1), x: choose, n: takeNext, "?": showKeys };
const ARROWS = { ArrowDown: () => move(1), ArrowUp: () => move(-1) };

// Where the layout has other letters than Latin ones, a key is known by its place.
function letter(event) {
  if (event.shiftKey || !/[^\x00-\x7f]/.test(event.key)) return event.key;
  return event.code.replace("Key", "").toLowerCase();
}

document.addEventListener("keydown", (event) => {
  const where = event.target;
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (where.closest?.("input:not([type=checkbox]), select, textarea")) return;
  // Arrows scroll, but where somebody is in the table already.
  const keys = localStorage.getItem(KEYS_OFF) ? {} : LETTERS;
  const act = event.key === "Enter" ? openRow : keys[letter(event)] ?? (current() ? ARROWS[event.key] : undefined);
  if (act?.()) event.preventDefault();
});

// --- What comes in while one looks ------------------------------------------------------------------------------

const PAUSE = 2000;

function watch(news) {
  const button = news.querySelector("button"), text = news.querySelector(".gg-news-text");
  let source = null, timer = null, missed = document.hidden;

  const found = () => document.getElementById("found");
  const fields = () => [...found().querySelectorAll("input:not([type=checkbox], [type=hidden]), select")];
  const busy = () => found().contains(document.activeElement)
    || boxes().some((box) => box.checked) || fields().some((field) => field.value);
  const isNews = (told) => {
    const row = document.querySelector(`tr[data-violation="${CSS.escape(told.violation)}"]`);
    if (row) return Date.parse(row.dataset.updated) !== Date.parse(told.updated_at);
    return found().dataset.status === "all" || found().dataset.status === told.status;
  };
  const said = (list) => [...list.querySelectorAll("tr[data-violation]")]
    .map((row) => `${row.dataset.violation} ${row.dataset.updated}`).join();

  function say(words, waits = false) {
    text.textContent = words;
    button.hidden = !waits;
  }

  // The list as it is now; nothing if it cannot be had, or another one was asked for meanwhile.
  async function fetched() {
    const address = window.location.href;
    const answer = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok) return null;
    const list = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("found");
    return address === window.location.href ? list : null;
  }

  // What is chosen and typed stays.
  function show(list) {
    const before = new Set(rows().map((row) => row.dataset.violation));
    const chosen = new Set(boxes().filter((box) => box.checked).map((box) => box.closest("tr").dataset.violation));
    const typed = new Map(fields().map((field) => [field.id, field.value]));
    found().replaceWith(list);
    const fresh = rows().filter((row) => !before.has(row.dataset.violation));
    fresh.forEach((row) => row.classList.add("gg-new"));
    boxes().forEach((box) => { box.checked = chosen.has(box.closest("tr").dataset.violation); });
    fields().forEach((field) => { field.value = typed.get(field.id) ?? field.value; });
    tally();
    say(fresh.length ? news.dataset.fresh : "");
  }

  async function later() {
    timer = null;
    const list = await fetched();
    if (!list) return;
    const differs = said(list) !== said(found());
    // Nothing moves under somebody's hands.
    if (busy()) { if (differs) say(button.dataset.waiting, true); }
    else if (differs) show(list);
    else found().querySelector("nav").replaceWith(list.querySelector("nav"));
  }

  const open = () => {
    if (source) return;
    source = new EventSource(news.dataset.stream);
    source.addEventListener("open", () => {
      if (text.textContent === news.dataset.lost) say("");
      // Of what came while nobody listened nothing is told.
      if (missed) later();
      missed = true;
    });
    source.addEventListener("error", (event) => {
      // Else it tries again by itself.
      if (event.target.readyState !== EventSource.CLOSED) return;
      source = null;
      say(news.dataset.lost);
    });
    source.addEventListener("violation", (event) => {
      if (isNews(JSON.parse(event.data))) timer ??= setTimeout(later, PAUSE);
    });
  };
  const close = () => { source?.close(); source = null; };

  button.addEventListener("click", async () => {
    const list = await fetched();
    if (list) show(list);
    document.getElementById("content").focus({ preventScroll: true });
  });
  // Another list was asked for, and is up to date.
  document.body.addEventListener("htmx:afterSwap", () => say(""));
  // A browser keeps only a few connections to one server for all its tabs.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", () => { if (!document.hidden) open(); });
  if (!document.hidden) open();
}

document.addEventListener("DOMContentLoaded", () => {
  const button = document.getElementById("show-keys"), use = document.getElementById("use-keys");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", showKeys);
    use.checked = !localStorage.getItem(KEYS_OFF);
    use.addEventListener("change", () => {
      if (use.checked) localStorage.removeItem(KEYS_OFF);
      else localStorage.setItem(KEYS_OFF, "yes");
    });
  }
  const news = document.getElementById("news");
  if (news && "EventSource" in window) watch(news);
});
