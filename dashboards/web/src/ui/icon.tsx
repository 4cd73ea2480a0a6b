/** The icons: strokes on a grid of 20. */
const PATHS = {
  overview: "M3 16V9m4.7 7V4m4.6 12v-5M17 16V7",
  teams: "M7 9.5a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4M2 16c.3-2.8 2.2-4.3 5-4.3s4.7 1.5 5 4.3M13 9.2a2.3 2.3 0 1 0-.8-4.5M14 11.8c2.3.2 3.7 1.6 4 4.2",
  developer: "M6.5 6 2.5 10l4 4M13.5 6l4 4-4 4M11.4 4.5l-2.8 11",
  product: "M3 4h4.5v12H3zM7.8 4h4.5v8H7.8zM12.6 4H17v5h-4.4z",
  explore: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14m2.7-9.7-1.5 3.9-3.9 1.5 1.5-3.9z",
  boards: "M3 3.5h6v6H3zM11.5 3.5H17v4h-5.5zM11.5 10H17v6.5h-5.5zM3 12h6v4.5H3z",
  sources: "M10 7.5c3.6 0 6-1 6-2.2S13.6 3 10 3 4 4 4 5.3s2.4 2.2 6 2.2M4 5.3v9.4C4 16 6.4 17 10 17s6-1 6-2.3V5.3M4 10c0 1.3 2.4 2.3 6 2.3s6-1 6-2.3",
  admin: "M10 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M10 2.5v2.2m0 10.6v2.2m7.5-7.5h-2.2M4.7 10H2.5m12.8-5.3-1.6 1.6m-7.4 7.4-1.6 1.6m10.6 0-1.6-1.6M6.3 6.3 4.7 4.7",
  more: "M4.5 10h.01M10 10h.01M15.5 10h.01",
  search: "M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11m4-1.5 4 4",
  filter: "M3 5h14M5.5 10h9M8.5 15h3",
  close: "m5 5 10 10M15 5 5 15",
  down: "m5 7.5 5 5 5-5",
  right: "m7.5 5 5 5-5 5",
  left: "m12.5 5-5 5 5 5",
  info: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14m0-7.5v4M10 6.7v.01",
  warning: "M10 3.5 17.5 16.5h-15zM10 8.5v3.5m0 2.3v.01",
  check: "m4 10.5 4 4 8-9",
  external: "M11 4h5v5M16 4l-7 7M8 5H4v11h11v-4",
  download: "M10 3v9.5m-4-4 4 4 4-4M3.5 16.5h13",
  print: "M6 7V3h8v4M6 14H3.5V7h13v7H14M6 11.5h8V17H6z",
  arrow_up: "M10 16V4m-5 5 5-5 5 5",
  arrow_down: "M10 4v12m-5-5 5 5 5-5",
  narrower: "M2.5 10h5m0 0L5 7.5M7.5 10 5 12.5M17.5 10h-5m0 0L15 7.5M12.5 10l2.5 2.5",
  wider: "M8 10H3m0 0 2.5-2.5M3 10l2.5 2.5M12 10h5m0 0-2.5-2.5M17 10l-2.5 2.5",
  plus: "M10 4v12M4 10h12",
  trash: "M4 5.5h12M8 5.5V3.5h4v2M5.5 5.5l.7 11h7.6l.7-11",
  edit: "M4 16l.8-3.5L13.5 4l2.5 2.5-8.6 8.6z",
  clock: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14m0-11v4.3l2.7 1.7",
  link: "M8.5 11.5l3-3M7.5 9 5.3 11.2a2.5 2.5 0 0 0 3.5 3.5L11 12.5M12.5 11l2.2-2.2a2.5 2.5 0 0 0-3.5-3.5L9 7.5",
  person: "M10 10a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4M4 17c.4-3.4 2.7-5 6-5s5.6 1.6 6 5",
  sun: "M10 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6M10 3v1.5m0 11V17m7-7h-1.5m-11 0H3m12-5-1 1m-8 8-1 1m10 0-1-1M6 6 5 5",
  change: "M6 7.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4m0 9a2 2 0 1 0 0-4 2 2 0 0 0 0 4m0-9v5m8 0a2 2 0 1 0 0 4 2 2 0 0 0 0-4m0 0V9c0-1.7-1.3-3-3-3H9.5m1.8-2L9.3 6l2 2",
  deployment: "M10 12.5V3m-3.5 3L10 3l3.5 3M4 11l-1 5.5h14L16 11",
  incident: "M10 3.5c-3 0-4.5 2.2-4.5 5V12L4 14.5h12L14.5 12V8.5c0-2.8-1.5-5-4.5-5M8.5 17h3",
} as const;

export type IconName = keyof typeof PATHS;

/** An icon. It is decoration: what it stands for is written beside it, or in the label of its button. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" width={size} height={size} aria-hidden="true" focusable="false">
      <path d={PATHS[name]} fill="none" stroke="currentColor" strokeWidth={name === "more" ? 2.6 : 1.6} strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
