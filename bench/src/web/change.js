// Chooses the NTH service in the filter. Its value is how many milliseconds later the page shows the service's numbers.
(async () => {
    const { watch } = globalThis;
    await watch.rest();
    const main = document.querySelector("main");
    const select = document.querySelector(".filter-bar select");
    const service = [...select.options].filter(({ value }) => value.startsWith("service:"))[NTH];
    if (service === undefined) throw new Error("the filter offers too few services");
    const before = main.textContent;
    const begun = performance.now();
    // as React sees a choice of the reader
    Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, "value").set.call(select, service.value);
    select.dispatchEvent(new Event("change", { bubbles: true }));
    const at = await watch.seen(() => main.textContent !== before && watch.isShown());
    return at - begun;
})()
