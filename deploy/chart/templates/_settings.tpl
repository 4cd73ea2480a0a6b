{{/* The settings as they are written: what was given, and what the chart decides. */}}
{{- define "sei.settings" -}}
{{- $settings := deepCopy .Values.settings }}
{{- $server := dict "listen" "0.0.0.0:8080" }}
{{- if and .Values.route.host (ne .Values.route.kind "none") }}
{{- $server = set $server "public_url" (printf "https://%s" .Values.route.host) }}
{{- end }}
{{- $settings = mergeOverwrite (dict "server" $server) $settings (dict "data" (dict "directory" "/var/lib/sei")) }}
{{- if .Values.monitoring.results.enabled }}
{{- $settings = mergeOverwrite $settings (dict "api" (dict "prometheus" (dict "results" true))) }}
{{- end }}
{{- toYaml $settings }}
{{- end }}

{{/* What is wrong with the values beyond their types. */}}
{{- define "sei.check" -}}
{{- $settings := fromYaml (include "sei.settings" .) }}
{{- $log := $settings.log | default dict }}
{{- if not (($settings.database).url).file }}
{{- fail "settings.database.url: expected { file: /run/secrets/sei/KEY }, a key of the Secret with the URL of your PostgreSQL" }}
{{- end }}
{{- if and (eq ($log.kind | default "embedded") "kafka") (not ($log.kafka).brokers) }}
{{- fail "settings.log.kafka.brokers: expected the brokers of your Kafka, such as kafka:9092; or set settings.log.kind=embedded" }}
{{- end }}
{{- if not (or ($settings.login).enabled ($settings.login).open_to_everyone) }}
{{- fail "settings.login.enabled: found false, expected true: the API does not start without a login; or set settings.login.open_to_everyone=true, where a proxy with a login is before it" }}
{{- end }}
{{- if contains "{\"env\":" (toJson $settings) }}
{{- fail "settings: found a secret { env: … }, expected { file: /run/secrets/sei/KEY }: pods have secrets as files only" }}
{{- end }}
{{- with ($settings.backup).schedule }}
{{- if ne (len (splitList " " .)) 5 }}
{{- fail (printf "settings.backup.schedule: found %q, expected five fields, which a CronJob has" .) }}
{{- end }}
{{- end }}
{{- if and (ne .Values.route.kind "none") (not .Values.route.host) }}
{{- fail (printf "route.host: expected the host of the page and the API, which route.kind=%s needs" .Values.route.kind) }}
{{- end }}
{{- if and (eq .Values.route.kind "gateway") (not .Values.route.gateway.parents) }}
{{- fail "route.gateway.parents: expected the Gateway, such as [{ name: public, namespace: gateways }]" }}
{{- end }}
{{- with .Values.roles.processor.autoscaling }}
{{- if and .enabled (gt (int .max) (int ($log.partitions | default 4))) }}
{{- fail (printf "roles.processor.autoscaling.max: found %d, expected at most settings.log.partitions (%d): more processors are idle" (int .max) (int ($log.partitions | default 4))) }}
{{- end }}
{{- end }}
{{- with .Values.secrets.external }}
{{- if .enabled }}
{{- if not .store.name }}{{ fail "secrets.external.store.name: expected the name of a SecretStore or ClusterSecretStore" }}{{ end }}
{{- range (include "sei.secretsOf" (toJson $settings) | fromJsonArray) }}
{{- if not (hasKey $.Values.secrets.external.data .) }}
{{- fail (printf "secrets.external.data: expected the key %s, which the settings refer to" .) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The keys of the Secret that a JSON text refers to, as a JSON list. */}}
{{- define "sei.secretsOf" -}}
{{- $keys := list }}
{{- range regexFindAll "/run/secrets/sei/[A-Za-z0-9._-]+" . -1 }}
{{- $keys = append $keys (trimPrefix "/run/secrets/sei/" .) }}
{{- end }}
{{- $keys | uniq | sortAlpha | toJson }}
{{- end }}

{{/* The keys that a role reads, or `migrate` or `backup`: those of its sections of the settings. */}}
{{- define "sei.secretsOfRole" -}}
{{- $settings := fromYaml (include "sei.settings" .root) }}
{{- $read := list $settings.database $settings.telemetry }}
{{- if eq .role "backup" }}{{ $read = append $read $settings.backup }}{{ end }}
{{- if not (has .role (list "migrate" "backup")) }}{{ $read = concat $read (list $settings.log $settings.server) }}{{ end }}
{{- if eq .role "webhooks" }}{{ $read = append $read $settings.events }}{{ end }}
{{- if eq .role "api" }}{{ $read = concat $read (list $settings.api $settings.login) }}{{ end }}
{{- range $settings.source }}
{{- if eq $.role "collector" }}{{ $read = append $read .pull }}{{ end }}
{{- if eq $.role "webhooks" }}{{ $read = append $read .webhook }}{{ end }}
{{- end }}
{{- include "sei.secretsOf" (toJson $read) }}
{{- end }}

{{/* A map of sections as TOML. Within a section everything is on the line of its key, so that order does not matter. */}}
{{- define "sei.toml" -}}
{{- range $name, $section := . }}
{{- if kindIs "map" $section }}
[{{ include "sei.toml.key" $name }}]
{{- include "sei.toml.lines" $section }}
{{ else }}
{{- range $section }}
[[{{ include "sei.toml.key" $name }}]]
{{- include "sei.toml.lines" . }}
{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "sei.toml.lines" -}}
{{- range $key, $value := . }}
{{- if not (kindIs "invalid" $value) }}
{{ include "sei.toml.key" $key }} = {{ include "sei.toml.value" $value }}
{{- end }}
{{- end }}
{{- end }}

{{- define "sei.toml.key" -}}
{{- if regexMatch "^[A-Za-z0-9_-]+$" . }}{{ . }}{{ else }}{{ toJson . }}{{ end }}
{{- end }}

{{- define "sei.toml.value" -}}
{{- if kindIs "map" . -}}
{ {{- range $nth, $key := keys . | sortAlpha }}{{ if $nth }},{{ end }} {{ include "sei.toml.key" $key }} = {{ include "sei.toml.value" (get $ $key) }}{{ end }} }
{{- else if kindIs "slice" . -}}
[{{ range $nth, $value := . }}{{ if $nth }}, {{ end }}{{ include "sei.toml.value" $value }}{{ end }}]
{{- else if kindIs "string" . -}}
{{ toJson . }}
{{- else if and (kindIs "float64" .) (eq (floor .) .) -}}
{{ int64 . }}
{{- else -}}
{{ . }}
{{- end }}
{{- end }}
