// Notes in each page when what it is about is first seen, and until when scripts keep the page busy.
(() => {
    const isInView = (element) => {
        const { top, bottom } = element.getBoundingClientRect();
        return top < innerHeight && bottom > 0;
    };
    const loading = () => [...document.querySelectorAll('[aria-busy="true"], .skeleton, .stale')];
    const watch = {
        isLoading: () => loading().length > 0,
        /** Whether there is a chart, and nothing that is in view is awaited. */
        isShown: () => document.querySelector("main .spark, main .chart-canvas canvas") !== null && !loading().some(isInView),
        /** Resolves with the time when it was first shown. */
        shown: null,
        busyUntil: 0,
        /** Resolves with the time of the frame after the first of which something holds. */
        seen: (holds) =>
            new Promise((done, fail) => {
                const end = performance.now() + 30_000;
                const look = () => {
                    if (holds()) requestAnimationFrame(() => done(performance.now()));
                    else if (performance.now() > end) fail(new Error(`it is not shown within 30 s: ${document.body.textContent.slice(0, 500)}`));
                    else requestAnimationFrame(look);
                };
                look();
            }),
        /** Resolves once nothing was loading and no script was busy for a second. */
        rest: async () => {
            const end = performance.now() + 30_000;
            for (let since = performance.now(); performance.now() - Math.max(since, watch.busyUntil) < 1_000; ) {
                if (performance.now() > end) throw new Error(`it loads, or is busy, for 30 s: ${document.body.textContent.slice(0, 500)}`);
                await new Promise((done) => setTimeout(done, 20));
                if (watch.isLoading()) since = performance.now();
            }
        },
    };
    // what takes longer than 50 ms keeps a click waiting
    const busy = new PerformanceObserver((list) => {
        for (const { startTime, duration } of list.getEntries()) watch.busyUntil = Math.max(watch.busyUntil, startTime + duration);
    });
    busy.observe({ type: "longtask", buffered: true });
    globalThis.watch = watch;
    addEventListener("DOMContentLoaded", () => {
        watch.shown = watch.seen(watch.isShown);
        // who awaits it hears of it
        watch.shown.catch(() => undefined);
    });
})();
