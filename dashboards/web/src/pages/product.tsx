import { Stub } from "./stub";

export function ProductPage() {
  return <Stub title="page.product" />;
}
