import { Stub } from "./stub";

export function AdminPage() {
  return <Stub title="page.admin" />;
}
