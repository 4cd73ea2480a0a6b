import { lazy, Suspense, useState } from "react";
import type { OverlayProps } from "./overlay";

// no page opens with a dialog, so what shows one is loaded with the first
const Overlay = lazy(() => import("./overlay").then((file) => ({ default: file.Overlay })));

/** A dialog in the middle of the page. */
export function Dialog(props: OverlayProps) {
  return <OnceOpened {...props} kind="dialog" />;
}

/** A dialog at the side of the page, at its bottom on a phone: details, filters. */
export function Drawer(props: OverlayProps) {
  return <OnceOpened {...props} kind="drawer" />;
}

/** Nothing until it is opened once; then it stays, so that it can also close as it should. */
function OnceOpened(props: OverlayProps & { kind: "dialog" | "drawer" }) {
  const [wasOpened, setOpened] = useState(false);
  if (props.isOpen && !wasOpened) setOpened(true);
  if (!props.isOpen && !wasOpened) return null;
  return (
    <Suspense fallback={null}>
      <Overlay {...props} />
    </Suspense>
  );
}
