// When the page could be used, in milliseconds since it was asked for, and its bytes, compressed as they came.
(async () => {
    const { watch } = globalThis;
    const shown = await watch.shown;
    await watch.rest();
    const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    const files = entries.filter(({ name }) => !name.includes("/api/"));
    return {
        shown,
        interactive: Math.max(shown, watch.busyUntil),
        bytes: files.reduce((bytes, { encodedBodySize }) => bytes + encodedBodySize, 0),
    };
})()
