/**
 * Registers the service worker and notices that a newer version of the page is there. Nothing is
 * reloaded unless the user asks for it.
 */

const WORKER = '/sw.js';
/** The browser itself looks for a new worker only when the page is opened. */
const LOOK_EVERY_MS = 3_600_000;
/** A worker that does not take over within this time is not waited for. */
const TAKE_OVER_MS = 3_000;

/**
 * @param {import('../model/store.js').Store} store  its `newVersion` is set
 * @returns {{ reload(): void }}  `reload` loads the newest version of the page
 */
export function startUpdates(store) {
  const { serviceWorker } = navigator;
  /** @type {ServiceWorkerRegistration | undefined} */
  let registration;
  let lookedAt = Date.now();
  whenAssetIsGone(() => {
    store.newVersion = true;
  });
  // Absent in private windows of some browsers, and outside secure contexts.
  if (serviceWorker) {
    // Another tab may ask for the new version, also while this one loads.
    serviceWorker.addEventListener('controllerchange', () => {
      if (serviceWorker.controller) void compare(serviceWorker.controller);
    });
    whenIdle(() => void register());
  }

  async function register() {
    try {
      registration = await serviceWorker.register(/** @type {string} */ (workerAddress()), { scope: '/', updateViaCache: 'none' });
    } catch {
      // Storage is refused or full: the page works without.
      return;
    }
    const { installing, waiting } = registration;
    if (waiting) void compare(waiting);
    if (installing) watch(installing);
    registration.addEventListener('updatefound', () => {
      if (registration?.installing) watch(registration.installing);
    });
    setInterval(look, LOOK_EVERY_MS);
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible' && Date.now() - lookedAt >= LOOK_EVERY_MS) look();
    });
  }

  function look() {
    lookedAt = Date.now();
    // Without a network there is nothing new.
    registration?.update().catch(() => {});
  }

  /** @param {ServiceWorker} worker */
  function watch(worker) {
    worker.addEventListener('statechange', () => {
      if (worker.state === 'installed') void compare(worker);
    });
  }

  /** @param {ServiceWorker} worker */
  async function compare(worker) {
    if (!(await isOfThisPage(worker))) store.newVersion = true;
  }

  return {
    reload() {
      const { waiting } = registration ?? {};
      if (!waiting) return location.reload();
      serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
      setTimeout(() => location.reload(), TAKE_OVER_MS);
      waiting.postMessage('take-over');
    },
  };
}

/**
 * Whether a worker keeps the script that runs here. After a reload the page is new, but the worker
 * still waits for other tabs; that is no news.
 * @param {ServiceWorker} worker
 * @returns {Promise<boolean>}
 */
function isOfThisPage(worker) {
  const script = document.querySelector('script[type="module"]')?.getAttribute('src') ?? '';
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(Array.isArray(data) && data.includes(script));
    worker.postMessage('assets', [port2]);
  });
}

/**
 * Calls back when an asset is not there any more, as after a deployment. A resource that failed
 * tells its status only here.
 * @param {() => void} tell
 */
function whenAssetIsGone(tell) {
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { name, responseStatus } = /** @type {PerformanceResourceTiming} */ (entry);
      if (responseStatus === 404 && name.startsWith(`${location.origin}/assets/`)) tell();
    }
  });
  observer.observe({ type: 'resource', buffered: true });
}

/**
 * The page's only Trusted Types policy passes this one address. `register` is a sink of
 * `require-trusted-types-for 'script'`.
 */
function workerAddress() {
  /** @typedef {{ createScriptURL(address: string): unknown }} Policy */
  /** @typedef {{ createPolicy(name: string, rules: { createScriptURL(address: string): string }): Policy }} Factory */
  const { trustedTypes } = /** @type {{ trustedTypes?: Factory }} */ (/** @type {unknown} */ (globalThis));
  const policy = trustedTypes?.createPolicy('hamster', {
    createScriptURL(address) {
      if (address !== WORKER) throw new TypeError(`${address} is not the service worker`);
      return address;
    },
  });
  return policy ? policy.createScriptURL(WORKER) : WORKER;
}

/** After the first prices: keeping the page must not compete with loading it. @param {() => void} work */
function whenIdle(work) {
  const wait = () => {
    if ('requestIdleCallback' in globalThis) requestIdleCallback(work, { timeout: 10_000 });
    else setTimeout(work, 3_000);
  };
  if (document.readyState === 'complete') wait();
  else addEventListener('load', wait, { once: true });
}
