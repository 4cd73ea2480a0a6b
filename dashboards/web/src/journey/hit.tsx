import type { LinkProps } from "@tanstack/react-router";
import type { Hit, HitKind } from "../data/journey";
import type { IconName } from "../ui";

/** The icon of what was found. */
export const HIT_ICON: Record<HitKind, IconName> = {
  change: "change",
  commit: "developer",
  work_item: "product",
  release: "deployment",
  deployment: "deployment",
  incident: "incident",
  service: "boards",
  repository: "sources",
  team: "teams",
  sprint: "clock",
  person: "person",
};

/** Kinds in the order in which results name them. */
export const HIT_KINDS = Object.keys(HIT_ICON) as HitKind[];

/** Where something that was found is shown. */
export function targetOf({ kind, id, title, node_id }: Pick<Hit, "kind" | "id" | "title"> & { node_id?: string }): LinkProps {
  const target = (): object => {
    switch (kind) {
      case "change":
      case "commit":
        return { to: "/changes/$", params: { _splat: id } };
      case "work_item":
        return { to: "/items/$", params: { _splat: id } };
      case "release":
        return { to: "/releases/$", params: { _splat: id } };
      case "deployment":
        return { to: "/releases/$", params: { _splat: id }, search: { kind: "deployment" } };
      case "incident":
        return { to: "/incidents/$", params: { _splat: id } };
      case "service":
        return { to: "/services/$", params: { _splat: id } };
      case "repository":
        return { to: "/changes", search: { repository: id } };
      case "team":
        return { to: "/teams/$team", params: { team: title } };
      case "sprint":
        return { to: "/product", search: { tab: "sprints", sprint: node_id } };
      case "person":
        return { to: "/developer", search: { person: id } };
    }
  };
  return target() as LinkProps;
}
