{{/*
How a service gets at Kafka, PostgreSQL, Loki and secrets. Addresses are variables; secrets are files of one
projected volume, named by ..._FILE variables, so that no manifest and no environment holds one.
*/}}

{{- define "hepscope.secrets" -}}/run/secrets/hepscope{{- end -}}

{{/* PostgreSQL of a service: the chart's, overridden by its own. (dict "root" $ "own" overrides) */}}
{{- define "hepscope.postgresql" -}}
{{- mergeOverwrite (deepCopy .root.Values.postgresql) (deepCopy .own) | toJson -}}
{{- end -}}

{{/* {env: [...], files: [...]} of PostgreSQL, as YAML. (dict "root" $ "own" overrides) */}}
{{- define "hepscope.connect.postgresql" -}}
{{- $at := include "hepscope.postgresql" . | fromJson -}}
{{- $secrets := include "hepscope.secrets" . -}}
{{- if not $at.existingSecret -}}{{- fail "postgresql.existingSecret is empty: name the Secret that holds the password (kubectl create secret generic hepscope-postgresql --from-file=password=FILE)" -}}{{- end -}}
{{- if $at.dsnKey -}}
env:
  - name: HEPSCOPE_STORE__DSN_FILE
    value: {{ printf "%s/postgresql.dsn" $secrets | quote }}
files:
  - {secret: {{ $at.existingSecret | quote }}, key: {{ $at.dsnKey | quote }}, path: postgresql.dsn}
{{- else -}}
{{- if not $at.host -}}{{- fail "postgresql.host is empty: say where PostgreSQL is" -}}{{- end -}}
{{- $host := contains ":" $at.host | ternary (printf "[%s]" $at.host) $at.host -}}
{{- $dsn := printf "postgresql://%s@%s:%d/%s?sslmode=%s" $at.user $host (int $at.port) $at.database $at.sslMode -}}
{{- if $at.ca.secret -}}{{- $dsn = printf "%s&sslrootcert=%s/postgresql-ca.crt" $dsn $secrets -}}{{- end -}}
env:
  - name: HEPSCOPE_STORE__DSN
    value: {{ $dsn | quote }}
  - name: HEPSCOPE_STORE__PASSWORD_FILE
    value: {{ printf "%s/postgresql.password" $secrets | quote }}
files:
  - {secret: {{ $at.existingSecret | quote }}, key: {{ $at.passwordKey | quote }}, path: postgresql.password}
  {{- with $at.ca.secret }}
  - {secret: {{ . | quote }}, key: {{ $at.ca.key | quote }}, path: postgresql-ca.crt}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* The same of Kafka. (dict "root" $) */}}
{{- define "hepscope.connect.kafka" -}}
{{- $at := .root.Values.kafka -}}
{{- $secrets := include "hepscope.secrets" . -}}
{{- if not $at.bootstrapServers -}}{{- fail "kafka.bootstrapServers is empty: say where Kafka is" -}}{{- end -}}
{{- if and $at.sasl.mechanism (not (and $at.sasl.username $at.sasl.existingSecret)) -}}{{- fail "kafka.sasl: a mechanism needs username and existingSecret" -}}{{- end -}}
{{- if and (not $at.tls.enabled) (or $at.tls.ca.secret $at.tls.client.secret) -}}{{- fail "kafka.tls: certificates are given, but tls is off" -}}{{- end -}}
env:
  - name: HEPSCOPE_BUS__BOOTSTRAP_SERVERS
    value: {{ join "," $at.bootstrapServers | quote }}
  {{- if $at.tls.enabled }}
  - name: HEPSCOPE_BUS__TLS
    value: "true"
  {{- end }}
  {{- if $at.tls.ca.secret }}
  - name: HEPSCOPE_BUS__TLS_CA_FILE
    value: {{ printf "%s/kafka-ca.crt" $secrets | quote }}
  {{- end }}
  {{- if $at.tls.client.secret }}
  - name: HEPSCOPE_BUS__TLS_CERT_FILE
    value: {{ printf "%s/kafka-client.crt" $secrets | quote }}
  - name: HEPSCOPE_BUS__TLS_KEY_FILE
    value: {{ printf "%s/kafka-client.key" $secrets | quote }}
  {{- end }}
  {{- if $at.sasl.mechanism }}
  - name: HEPSCOPE_BUS__SASL_MECHANISM
    value: {{ $at.sasl.mechanism | quote }}
  - name: HEPSCOPE_BUS__SASL_USERNAME
    value: {{ $at.sasl.username | quote }}
  - name: HEPSCOPE_BUS__SASL_PASSWORD_FILE
    value: {{ printf "%s/kafka.password" $secrets | quote }}
  {{- end }}
files:
  {{- if $at.tls.ca.secret }}
  - {secret: {{ $at.tls.ca.secret | quote }}, key: {{ $at.tls.ca.key | quote }}, path: kafka-ca.crt}
  {{- end }}
  {{- with $at.tls.client }}
  {{- if .secret }}
  - {secret: {{ .secret | quote }}, key: {{ .certificateKey | quote }}, path: kafka-client.crt}
  - {secret: {{ .secret | quote }}, key: {{ .keyKey | quote }}, path: kafka-client.key}
  {{- end }}
  {{- end }}
  {{- if $at.sasl.mechanism }}
  - {secret: {{ $at.sasl.existingSecret | quote }}, key: {{ $at.sasl.passwordKey | quote }}, path: kafka.password}
  {{- end }}
{{- end -}}

{{/* The same of Loki. (dict "root" $ "prefix" "HEPSCOPE_LOKI__") */}}
{{- define "hepscope.connect.loki" -}}
{{- $at := .root.Values.loki -}}
{{- $secrets := include "hepscope.secrets" . -}}
{{- if and (or $at.passwordKey $at.tokenKey) (not $at.existingSecret) -}}{{- fail "loki: passwordKey or tokenKey needs existingSecret" -}}{{- end -}}
env:
  - name: {{ .prefix }}URL
    value: {{ $at.url | quote }}
  {{- if $at.tenant }}
  - name: {{ .prefix }}TENANT
    value: {{ $at.tenant | quote }}
  {{- end }}
  {{- if $at.username }}
  - name: {{ .prefix }}USERNAME
    value: {{ $at.username | quote }}
  {{- end }}
  {{- if $at.passwordKey }}
  - name: {{ .prefix }}PASSWORD_FILE
    value: {{ printf "%s/loki.password" $secrets | quote }}
  {{- end }}
  {{- if $at.tokenKey }}
  - name: {{ .prefix }}TOKEN_FILE
    value: {{ printf "%s/loki.token" $secrets | quote }}
  {{- end }}
files:
  {{- if $at.passwordKey }}
  - {secret: {{ $at.existingSecret | quote }}, key: {{ $at.passwordKey | quote }}, path: loki.password}
  {{- end }}
  {{- if $at.tokenKey }}
  - {secret: {{ $at.existingSecret | quote }}, key: {{ $at.tokenKey | quote }}, path: loki.token}
  {{- end }}
{{- end -}}

{{/* {env, files} of everything that a service connects to, as JSON. (dict "root" $ "service" service) */}}
{{- define "hepscope.connections" -}}
{{- $env := list -}}
{{- $files := list -}}
{{- $found := list -}}
{{- if has "kafka" .service.uses -}}{{- $found = append $found (include "hepscope.connect.kafka" (dict "root" .root) | fromYaml) -}}{{- end -}}
{{- if has "postgresql" .service.uses -}}{{- $found = append $found (include "hepscope.connect.postgresql" (dict "root" .root "own" .service.postgresql) | fromYaml) -}}{{- end -}}
{{- if and .service.lokiVariables .root.Values.loki.url -}}{{- $found = append $found (include "hepscope.connect.loki" (dict "root" .root "prefix" .service.lokiVariables) | fromYaml) -}}{{- end -}}
{{- range $found -}}
{{- $env = concat $env (default list .env) -}}
{{- $files = concat $files (default list .files) -}}
{{- end -}}
{{- range $variable, $where := .service.secretSettings -}}
{{- $path := $variable | lower -}}
{{- $env = append $env (dict "name" (printf "%s_FILE" $variable) "value" (printf "%s/%s" (include "hepscope.secrets" $) $path)) -}}
{{- $files = append $files (dict "secret" $where.secret "key" $where.key "path" $path) -}}
{{- end -}}
{{- dict "env" $env "files" $files | toJson -}}
{{- end -}}

{{/* Sources of the projected volume of secrets. A list of files in. */}}
{{- define "hepscope.sources" -}}
{{- range . }}
- secret:
    name: {{ .secret | quote }}
    items:
      - {key: {{ .key | quote }}, path: {{ .path | quote }}}
{{- end }}
{{- end -}}
