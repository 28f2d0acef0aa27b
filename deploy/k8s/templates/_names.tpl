{{/* Names and labels. A name that would be too long ends in eight digits of its hash instead. */}}

{{- define "hepscope.fit" -}}
{{- if gt (len .name) .max -}}
{{- printf "%s-%s" (trunc (int (sub .max 9)) .name | trimSuffix "-") (sha256sum .name | trunc 8) -}}
{{- else -}}
{{- .name -}}
{{- end -}}
{{- end -}}

{{- define "hepscope.name" -}}
{{- default .Chart.Name .Values.nameOverride -}}
{{- end -}}

{{/* 30 characters at most, so that names of pods of a StatefulSet fit into a label. */}}
{{- define "hepscope.fullname" -}}
{{- $name := include "hepscope.name" . -}}
{{- $full := .Values.fullnameOverride -}}
{{- if not $full -}}
{{- $full = contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- end -}}
{{- include "hepscope.fit" (dict "name" ($full | replace "." "-") "max" 30) -}}
{{- end -}}

{{/* storageWriter is storage-writer in the cluster. */}}
{{- define "hepscope.component" -}}
{{- regexReplaceAll "([A-Z])" . "-${1}" | lower -}}
{{- end -}}

{{/* Name of an object of a service: (dict "root" $ "key" "ingest" "suffix" "ops") */}}
{{- define "hepscope.object" -}}
{{- $name := printf "%s-%s" (include "hepscope.fullname" .root) (include "hepscope.component" .key) -}}
{{- $name = include "hepscope.fit" (dict "name" $name "max" 50) -}}
{{- if .suffix -}}{{- $name = printf "%s-%s" $name .suffix -}}{{- end -}}
{{- $name -}}
{{- end -}}

{{- define "hepscope.account" -}}
{{- $made := .Values.serviceAccount.create | ternary (include "hepscope.fullname" .) "default" -}}
{{- default $made .Values.serviceAccount.name -}}
{{- end -}}

{{/* What pods of a release are selected by, and those of a service: (dict "root" $ "key" "ingest") */}}
{{- define "hepscope.selector" -}}
app.kubernetes.io/name: {{ include "hepscope.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
{{- with .key }}
app.kubernetes.io/component: {{ include "hepscope.component" . | quote }}
{{- end }}
{{- end -}}

{{/* Labels of an object: (dict "root" $ "key" "ingest" "more" labels); the chart's own win. */}}
{{- define "hepscope.labels" -}}
{{- $own := include "hepscope.selector" . | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/version" .root.Chart.AppVersion -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .root.Release.Service -}}
{{- $_ := set $own "app.kubernetes.io/part-of" "hepscope" -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_") -}}
{{- $common := omit .root.Values.commonLabels "app.kubernetes.io/component" -}}
{{- merge $own (default dict .more | deepCopy) $common | toYaml -}}
{{- end -}}

{{/* Lines of a map of texts, whatever they hold: %q escapes what YAML would read as a break or refuse. */}}
{{- define "hepscope.texts" -}}
{{- range $key, $text := . }}
{{ $key | quote }}: {{ $text | quote }}
{{- end }}
{{- end -}}

{{/* (dict "root" $ "image" {repository, tag, digest}) */}}
{{- define "hepscope.image" -}}
{{- $registry := .root.Values.image.registry | trimSuffix "/" -}}
{{- $name := .image.repository -}}
{{- if $registry -}}{{- $name = printf "%s/%s" $registry $name -}}{{- end -}}
{{- if .image.digest -}}
{{- printf "%s@%s" $name .image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default (default .root.Chart.AppVersion .root.Values.image.tag) .image.tag) -}}
{{- end -}}
{{- end -}}
