// When the page could be used, in milliseconds since it was asked for, and its bytes, compressed as they came.
(async () => {
    const { watch } = globalThis;
    while (watch.shownAt === null) await new Promise((done) => setTimeout(done, 20));
    await watch.rest();
    const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    const files = entries.filter(({ name }) => !name.includes("/api/"));
    return {
        shown: watch.shownAt,
        interactive: Math.max(watch.shownAt, watch.busyUntil),
        bytes: files.reduce((bytes, { encodedBodySize }) => bytes + encodedBodySize, 0),
    };
})()
