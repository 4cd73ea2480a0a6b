import { Stub } from "./stub";

export function ItemPage() {
  return <Stub title="page.item" />;
}
