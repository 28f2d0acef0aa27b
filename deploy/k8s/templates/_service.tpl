{{/* A service with serviceDefaults under it, as JSON: (dict "root" $ "key" "ingest") */}}
{{- define "hepscope.service" -}}
{{- $defaults := deepCopy .root.Values.serviceDefaults -}}
{{- $own := deepCopy (get .root.Values.services .key) -}}
{{- mergeOverwrite $defaults $own | toJson -}}
{{- end -}}

{{/* Keys of the services that are on, as JSON: a list wrapped in a map. */}}
{{- define "hepscope.enabled" -}}
{{- $keys := list -}}
{{- range $key, $own := .Values.services -}}
{{- $service := include "hepscope.service" (dict "root" $ "key" $key) | fromJson -}}
{{- if $service.enabled -}}{{- $keys = append $keys $key -}}{{- end -}}
{{- end -}}
{{- dict "keys" (sortAlpha $keys) | toJson -}}
{{- end -}}

{{/* The TCP ports of a service, as JSON. */}}
{{- define "hepscope.tcp" -}}
{{- $ports := dict -}}
{{- range $port, $own := .ports -}}
{{- if ne (default "TCP" $own.protocol) "UDP" -}}{{- $_ := set $ports $port $own -}}{{- end -}}
{{- end -}}
{{- dict "ports" $ports | toJson -}}
{{- end -}}

{{/* hepscope.toml of a service: (dict "root" $ "service" service) */}}
{{- define "hepscope.toml" -}}
{{- $sections := dict -}}
{{- $config := .root.Values.config -}}
{{- range $section := .service.sections -}}
{{- $values := get $config $section -}}
{{- if $values -}}{{- $_ := set $sections $section $values -}}{{- end -}}
{{- end -}}
{{- toToml $sections -}}
{{- end -}}

{{/* What cannot be told by the schema. */}}
{{- define "hepscope.check" -}}
{{- $names := dict -}}
{{- range $key := (include "hepscope.enabled" . | fromJson).keys -}}
{{- $service := include "hepscope.service" (dict "root" $ "key" $key) | fromJson -}}
{{- $made := list (include "hepscope.object" (dict "root" $ "key" $key "suffix" "ops")) -}}
{{- if (include "hepscope.tcp" $service | fromJson).ports -}}{{- $made = append $made (include "hepscope.object" (dict "root" $ "key" $key)) -}}{{- end -}}
{{- range $suffix, $external := $service.external -}}
{{- $made = append $made (include "hepscope.object" (dict "root" $ "key" $key "suffix" $suffix)) -}}
{{- range $external.ports -}}
{{- if not (hasKey $service.ports .) -}}{{- fail (printf "services.%s.external.%s names the port %s, which services.%s.ports does not have" $key $suffix . $key) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- range $made -}}
{{- if hasKey $names . -}}{{- fail (printf "services.%s and services.%s both make a Service named %s" (get $names .) $key .) -}}{{- end -}}
{{- $_ := set $names . $key -}}
{{- end -}}
{{- if and (eq $service.storage.mode "persistent") (ne $service.kind "StatefulSet") -}}
{{- fail (printf "services.%s: persistent storage needs kind StatefulSet" $key) -}}
{{- end -}}
{{- if eq $service.storage.mode "host" -}}
{{- if ne $service.kind "DaemonSet" -}}{{- fail (printf "services.%s: a directory of the node is for kind DaemonSet" $key) -}}{{- end -}}
{{- if not $service.storage.hostPath -}}{{- fail (printf "services.%s.storage.hostPath is empty" $key) -}}{{- end -}}
{{- end -}}
{{- if and $service.listenPort (not (hasKey $service.ports $service.listenPort)) -}}
{{- fail (printf "services.%s.listenPort names the port %s, which services.%s.ports does not have" $key $service.listenPort $key) -}}
{{- end -}}
{{- if gt (int $service.autoscaling.min) (int $service.autoscaling.max) -}}
{{- fail (printf "services.%s.autoscaling: min is above max" $key) -}}
{{- end -}}
{{- if and (eq $service.autoscaling.mode "external") (not $service.autoscaling.metric) -}}
{{- fail (printf "services.%s.autoscaling: mode external needs a metric" $key) -}}
{{- end -}}
{{- if and (eq $service.autoscaling.mode "keda") (not $service.autoscaling.query) -}}
{{- fail (printf "services.%s.autoscaling: mode keda needs a query" $key) -}}
{{- end -}}
{{- end -}}
{{- if .Values.ingress.enabled -}}
{{- $key := .Values.ingress.service -}}
{{- if not (has $key (include "hepscope.enabled" . | fromJson).keys) -}}{{- fail (printf "ingress.service names %s, which is not on" $key) -}}{{- end -}}
{{- $service := include "hepscope.service" (dict "root" . "key" $key) | fromJson -}}
{{- if not (hasKey (include "hepscope.tcp" $service | fromJson).ports .Values.ingress.port) -}}{{- fail (printf "ingress.port names %s, which services.%s.ports does not have as TCP" .Values.ingress.port $key) -}}{{- end -}}
{{- if not .Values.ingress.hosts -}}{{- fail "ingress.hosts is empty: page and API answer to known host names only" -}}{{- end -}}
{{- end -}}
{{- end -}}
