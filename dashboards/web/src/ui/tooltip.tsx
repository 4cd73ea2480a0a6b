import { useState, type ReactElement, type ReactNode } from "react";
import { Focusable, OverlayArrow, Tooltip as AriaTooltip, TooltipTrigger } from "react-aria-components";

/** A text beside an element while the pointer or the focus is on it. The element has to take the focus. */
export function Tooltip({ text, children }: { text: ReactNode; children: ReactElement<Record<string, unknown>> }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <TooltipTrigger delay={250} closeDelay={60} isOpen={isOpen} onOpenChange={setOpen}>
      <Focusable>{children as never}</Focusable>
      <AriaTooltip className="tooltip" offset={8}>
        <OverlayArrow>
          <svg width={8} height={8} viewBox="0 0 8 8" aria-hidden="true">
            <path d="M0 0 4 4 8 0" />
          </svg>
        </OverlayArrow>
        {text}
      </AriaTooltip>
    </TooltipTrigger>
  );
}
