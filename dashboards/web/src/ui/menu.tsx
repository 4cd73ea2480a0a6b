import type { ReactNode } from "react";
import { Header, Menu as AriaMenu, MenuItem as AriaItem, MenuSection, MenuTrigger, Popover, Separator, type MenuItemProps } from "react-aria-components";
import { Icon, type IconName } from "./icon";

/** A menu that opens from a button, the first child. */
export function Menu({ trigger, label, isOpenAtFirst = false, children }: { trigger: ReactNode; label: string; isOpenAtFirst?: boolean; children: ReactNode }) {
  return (
    <MenuTrigger defaultOpen={isOpenAtFirst}>
      {trigger}
      <Popover className="popover" placement="bottom end" offset={6}>
        <AriaMenu className="menu" aria-label={label}>
          {children}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}

/** One thing that a menu does, or one choice of a group. */
export function MenuItem({ icon, children, ...props }: { icon?: IconName; children: ReactNode } & Omit<MenuItemProps, "children" | "className">) {
  return (
    <AriaItem {...props} className="menu-item" textValue={props.textValue ?? (typeof children === "string" ? children : undefined)}>
      {({ isSelected }) => (
        <>
          <span className="menu-mark">{isSelected ? <Icon name="check" size={14} /> : icon !== undefined && <Icon name={icon} size={16} />}</span>
          {children}
        </>
      )}
    </AriaItem>
  );
}

/** Items of a menu under a title. With `chosen` they are a choice of one, by their ids. */
export function MenuGroup({ title, chosen, children }: { title: string; chosen?: string; children: ReactNode }) {
  const choice = chosen === undefined ? {} : { selectionMode: "single" as const, selectedKeys: [chosen], disallowEmptySelection: true };
  return (
    <MenuSection className="menu-group" {...choice}>
      <Header className="menu-title">{title}</Header>
      {children}
    </MenuSection>
  );
}

export { Separator as MenuLine };
