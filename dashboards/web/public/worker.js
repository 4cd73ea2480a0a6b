// Keeps the application, and the last answers of the API, for reading without a connection. With one, everything is
// asked for as it would be without this worker. The build puts in the version and the names of the files.

const APPLICATION = `application-${"VERSION"}`;
const ANSWERS = "answers";
const FILES = ["FILES"];
/** How many answers are kept: the oldest go first. */
const KEPT = 300;

addEventListener("install", (event) => {
  event.waitUntil(install());
});

async function install() {
  const cache = await caches.open(APPLICATION);
  await cache.addAll(["/", ...FILES]);
  await skipWaiting();
}

addEventListener("activate", (event) => {
  event.waitUntil(activate());
});

async function activate() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== APPLICATION && name !== ANSWERS).map((name) => caches.delete(name)));
  await clients.claim();
}

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (isPage(url.pathname)) event.respondWith(page(request));
  } else if (request.method === "GET" && url.pathname.startsWith("/web/")) {
    event.respondWith(file(request));
  } else if (request.method === "GET" && url.pathname.startsWith("/api/v1/") && url.pathname !== "/api/v1/stream") {
    event.respondWith(answer(event, request, request.url));
  } else if (request.method === "POST" && url.pathname === "/graphql") {
    event.respondWith(graph(event, request));
  }
});

function isPage(path) {
  return !/^\/(api|graphql|login|logout|web)(\/|$)/.test(path);
}

/** A page: the application, whatever its address. */
async function page(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match("/", { cacheName: APPLICATION, ignoreVary: true });
    if (kept === undefined) throw error;
    return kept;
  }
}

/** A file of the application. Its name changes with its content, so a kept one is good. */
async function file(request) {
  const kept = await caches.match(request, { cacheName: APPLICATION, ignoreVary: true });
  return kept ?? fetch(request);
}

/** A question of GraphQL is kept by its text. */
async function graph(event, request) {
  const body = await request.clone().text();
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body + request.headers.get("sei-tenant")));
  const name = [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return answer(event, request, `/graphql?${name}`);
}

/** An answer of the API; without a connection the last one to the same question. */
async function answer(event, request, key) {
  try {
    const response = await fetch(request);
    const isKept = response.ok && !response.redirected && response.headers.get("cache-control") !== "no-store";
    if (isKept) event.waitUntil(keep(key, response.clone()));
    if (response.status === 401) event.waitUntil(caches.delete(ANSWERS));
    return response;
  } catch (error) {
    const kept = await caches.match(key, { cacheName: ANSWERS, ignoreVary: true });
    if (kept === undefined) throw error;
    return kept;
  }
}

async function keep(key, response) {
  const cache = await caches.open(ANSWERS);
  await cache.put(key, response);
  const keys = await cache.keys();
  await Promise.all(keys.slice(0, Math.max(0, keys.length - KEPT)).map((old) => cache.delete(old)));
}
