// Faults of the layout: text that is cut off or covered, what reaches out of its card, charts that are empty, numbers
// that do not stand below the head of their column. Its value is the list of them.
(async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    // charts are drawn when they are seen
    for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight / 2) {
        scrollTo(0, y);
        await frame();
    }
    const canvases = [...document.querySelectorAll(".chart-canvas")];
    const isDrawn = (canvas) => canvas.querySelector("canvas") !== null;
    for (let tries = 0; tries < 200 && !canvases.every(isDrawn); tries += 1) await new Promise((done) => setTimeout(done, 25));
    scrollTo(0, 0);
    await frame();

    const faults = [];
    const named = (element, text) => `${text}: ${element.tagName.toLowerCase()}.${element.className} “${element.textContent.trim().slice(0, 60)}”`;
    const isHidden = (element) => element.closest(".visually-hidden, svg, select, textarea, .skeleton") !== null;

    for (const canvas of canvases) {
        const drawn = [...canvas.querySelectorAll("canvas")].some((layer) => {
            const { data } = layer.getContext("2d").getImageData(0, 0, layer.width, layer.height);
            return data.some((value) => value !== 0);
        });
        if (!drawn) faults.push(`an empty chart: ${canvas.closest("figure").getAttribute("aria-label")}`);
    }
    for (const card of document.querySelectorAll(".card")) {
        if (card.innerText.trim() === "") faults.push(named(card, "an empty card"));
    }

    // the part of a text that is seen: what its ancestors do not cut off
    const seen = (rect, element) => {
        let { left, right, top, bottom } = rect;
        for (let parent = element; parent !== null; parent = parent.parentElement) {
            const { overflowX, overflowY } = getComputedStyle(parent);
            if (overflowX === "visible" && overflowY === "visible") continue;
            const box = parent.getBoundingClientRect();
            left = Math.max(left, box.left);
            right = Math.min(right, box.right);
            top = Math.max(top, box.top);
            bottom = Math.min(bottom, box.bottom);
        }
        return { left, right, top, bottom };
    };
    const texts = [];
    const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode;
        const element = node.parentElement;
        if (node.textContent.trim() === "" || isHidden(element) || !element.checkVisibility()) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        for (const rect of range.getClientRects()) {
            const box = seen(rect, element);
            if (box.right - box.left > 1 && box.bottom - box.top > 1) texts.push({ ...box, element, text: node.textContent.trim() });
        }
        const style = getComputedStyle(element);
        const isCut = element.scrollWidth > element.clientWidth + 1 && ["hidden", "clip"].includes(style.overflowX) && style.textOverflow !== "ellipsis";
        if (isCut && element.clientWidth > 0) faults.push(named(element, "cut off"));
        const card = element.closest(".card");
        const isScrolled = element.closest(".table-scroll, .tab-list, .segments-row, pre, code") !== null;
        if (card !== null && !isScrolled) {
            const [inner, outer] = [range.getBoundingClientRect(), card.getBoundingClientRect()];
            if (inner.right > outer.right + 1 || inner.left < outer.left - 1) faults.push(named(element, "out of its card"));
        }
    }
    const isMoving = ({ element }) => element.closest("thead, .notes") !== null;
    const still = texts.filter((text) => !isMoving(text)).sort((one, other) => one.top - other.top);
    for (const [nth, one] of still.entries()) {
        for (const other of still.slice(nth + 1)) {
            if (other.top >= one.bottom - 4) break;
            const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
            const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
            if (across > 3 && down > 4 && one.element !== other.element) faults.push(`“${one.text.slice(0, 40)}” lies on “${other.text.slice(0, 40)}”`);
        }
    }

    // numbers end where their head ends
    const endOf = (cell) => {
        const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
        let end = 0;
        while (walker.nextNode()) {
            if (isHidden(walker.currentNode.parentElement)) continue;
            const range = document.createRange();
            range.selectNodeContents(walker.currentNode);
            end = Math.max(end, ...[...range.getClientRects()].map(({ right }) => right));
        }
        return end;
    };
    for (const table of document.querySelectorAll("main table.table")) {
        const heads = [...table.querySelectorAll("thead th")];
        const row = table.querySelector("tbody tr:not(:has([colspan]))");
        if (row === null || isHidden(table) || !table.checkVisibility()) continue;
        for (const [nth, head] of heads.entries()) {
            const cell = row.children[nth];
            const isNumber = cell?.classList.contains("end") && head.classList.contains("end") && /^[\d.,–]/.test(cell.innerText.trim());
            // a bar, a badge or a sign beside a number has a place of its own
            if (cell?.querySelector(".against, .badge") != null || head.querySelector(".info-button") !== null) continue;
            if (!isNumber || !head.checkVisibility() || head.innerText.trim() === "") continue;
            const difference = Math.abs(endOf(head) - endOf(cell));
            if (difference > 3) faults.push(named(head, `${Math.round(difference)} px beside its numbers`));
        }
    }
    return [...new Set(faults)].slice(0, 20);
})()
