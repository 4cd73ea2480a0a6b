{{- define "sei.name" -}}
{{- if contains "sei" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-sei" (.Release.Name | trunc 36 | trimSuffix "-") }}{{ end }}
{{- end }}

{{- define "sei.roles" -}}
collector webhooks processor dora api
{{- end }}

{{/* Labels by which objects are found: `dict "root" $ "component" "api"`. They never change. */}}
{{- define "sei.selector" -}}
app.kubernetes.io/name: sei
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/part-of: sei
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- define "sei.labels" -}}
{{ include "sei.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end }}

{{/* The metadata of an object: `dict "root" $ "name" … "component" …`, both of which may be left out. */}}
{{- define "sei.metadata" -}}
name: {{ .name | default (printf "%s-%s" (include "sei.name" .root) .component) }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "sei.labels" . | nindent 2 }}
{{- end }}

{{- define "sei.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ printf "%s@%s" .repository .digest }}{{ else }}{{ printf "%s:%s" .repository (.tag | default $.Chart.AppVersion) }}{{ end }}
{{- end }}
{{- end }}

{{/* Whether a role has an autoscaler. */}}
{{- define "sei.scales" -}}
{{- with index .root.Values.roles .role }}{{ with .autoscaling }}{{ if .enabled }}true{{ end }}{{ end }}{{ end }}
{{- end }}
