// What the pages share: jobs with time limits, and window.done when all of them have settled.
"use strict";
window.results = {};
window.done = false;
const wait = (ms) => new Promise((go) => setTimeout(go, ms));
const within = (ms, promise) =>
  Promise.race([promise, wait(ms).then(() => { throw new Error("timed out"); })]);
const at = (host, path) => `${location.protocol}//${host}${path}`;
const read = (path, options) => fetch(path, options).then((answer) => answer.text());
// For what must go wrong: succeeds when the promise fails.
const fails = (promise) =>
  promise.then(() => { throw new Error("should have failed"); }, (why) => "as it must: " + why);

// Adds an element and waits until it has loaded or failed.
function add(tag, attributes, parent = document.body) {
  const element = document.createElement(tag);
  return new Promise((go) => {
    element.onload = () => go("loaded");
    element.onerror = () => go("error event");
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    parent.append(element);
  });
}

async function run(jobs, limit = 5000) {
  const loaded = new Promise((go) =>
    document.readyState === "complete" ? go() : addEventListener("load", go, { once: true }));
  await Promise.all(Object.entries(jobs).map(async ([name, job]) => {
    try {
      results[name] = "ok: " + (await within(limit, job()));
    } catch (why) {
      results[name] = "failed: " + why;
    }
  }));
  await within(4000, loaded).catch(() => { results.load = "failed: no load event"; });
  document.title = "done";
  window.done = true;
}
