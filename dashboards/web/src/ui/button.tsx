import type { ReactNode } from "react";
import { Button as AriaButton, type ButtonProps as AriaProps } from "react-aria-components";
import { Icon, type IconName } from "./icon";

interface ButtonProps extends Omit<AriaProps, "children" | "className"> {
  kind?: "primary" | "plain" | "quiet" | "danger";
  icon?: IconName;
  children?: ReactNode;
}

/** A button. `quiet` has no border. */
export function Button({ kind = "plain", icon, children, ...props }: ButtonProps) {
  return (
    <AriaButton {...props} className={`button button-${kind}`}>
      {icon !== undefined && <Icon name={icon} size={16} />}
      {children}
    </AriaButton>
  );
}

/** A button that is an icon; `label` says what it does. */
export function IconButton({ icon, label, ...props }: { icon: IconName; label: string } & Omit<AriaProps, "children" | "className">) {
  return (
    <AriaButton {...props} aria-label={label} className="icon-button">
      <Icon name={icon} />
    </AriaButton>
  );
}
