/** Charts and their menus. */
export const charts = {
  "chart.menu": "Chart menu: {title}",
  "chart.png": "Download as PNG",
  "chart.svg": "Download as SVG",
  "chart.csv": "Download as CSV",
  "chart.as_table": "Show as table",
  "chart.as_chart": "Show as chart",
  "chart.partial": "not over yet",
  "chart.no_data": "No data",
  "chart.n": "n = {n}",
  "chart.step": "Period",
  "chart.value": "Value",
  "chart.count": "Count",
  "chart.from": "From",
  "chart.to": "To",
  "chart.duration": "Duration",
  "chart.share": "Share",
};
