/** A source, as the settings name it. */
export interface SettingsOfSource {
  connector: string;
  name: string;
  /** The tenant that it belongs to, as far as it is known. */
  tenant: string | undefined;
  /** Lines of `[source.pull]`; none where it only sends. */
  pull: string[];
}

/** The `[[source]]` of the settings. It refers to the secret of its webhooks and does not hold it. */
export function settingsOf({ connector, name, tenant, pull }: SettingsOfSource): string {
  const lines = ["[[source]]", `connector = "${connector}"`];
  if (name !== "main") lines.push(`name = "${name}"`);
  if (tenant !== undefined && tenant !== "main") lines.push(`tenant = "${tenant}"`);
  if (pull.length > 0) lines.push("[source.pull]", ...pull);
  lines.push("[source.webhook]", `secrets = [{ env = "${secretOf(connector, name)}" }]`);
  return `${lines.join("\n")}\n`;
}

/** The environment variable of a secret: `JENKINS_WEBHOOK_SECRET`, and of a source with a name of its own `JENKINS_OPS_WEBHOOK_SECRET`. */
export function secretOf(connector: string, name: string): string {
  const own = name === "main" ? "" : `${name}_`;
  return `${connector}_${own}webhook_secret`.toUpperCase().replace(/[^A-Z0-9]/g, "_");
}
