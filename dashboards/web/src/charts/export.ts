import type { EChartsCoreOption } from "echarts/core";
import { saveFile } from "../format/csv";
import { init } from "./echarts";
import type { ChartTheme } from "./theme";

const SIZE = { width: 960, height: 440 };

/** Draws a chart again, with its title and a ground of its own, and saves it as an image. */
export async function exportChart(title: string, kind: "svg" | "png", option: EChartsCoreOption, theme: ChartTheme): Promise<void> {
  const grid = option.grid as { top?: number } | undefined;
  const legend = option.legend as { top?: number } | undefined;
  const shifted = {
    ...option,
    animation: false,
    backgroundColor: theme.surface,
    grid: { ...grid, left: 16, right: 24, bottom: 16, top: (grid?.top ?? 12) + 40 },
    ...(legend === undefined ? {} : { legend: { ...legend, left: 16, top: 44 } }),
    title: { text: title, left: 16, top: 12, textStyle: { color: theme.text, fontFamily: theme.font, fontSize: 16 } },
  };
  if (kind === "svg") {
    // drawn as text: elements would need inline styles, which the policy forbids
    const chart = init(null, null, { renderer: "svg", ssr: true, ...SIZE });
    chart.setOption(shifted);
    saveFile(`${title}.svg`, "image/svg+xml", chart.renderToSVGString());
    chart.dispose();
    return;
  }
  const chart = init(document.createElement("div"), null, { renderer: "canvas", devicePixelRatio: 2, ...SIZE });
  chart.setOption(shifted);
  const image = chart.renderToCanvas({ pixelRatio: 2, backgroundColor: theme.surface });
  saveFile(`${title}.png`, "image/png", await blobOf(image));
  chart.dispose();
}

function blobOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob === null ? reject(new Error("the image is empty")) : resolve(blob)), "image/png");
  });
}
