{{/* Of every pod: who it is, and what it may not. (dict "root" $ "user" 10001) */}}
{{- define "hepscope.pod.identity" -}}
serviceAccountName: {{ .account | quote }}
automountServiceAccountToken: false
# Variables of Services (HEPSCOPE_INGEST_PORT, ...) would look like settings.
enableServiceLinks: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ int .user }}
  runAsGroup: {{ int .user }}
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{- define "hepscope.container.security" -}}
securityContext:
  allowPrivilegeEscalation: false
  privileged: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
    {{- with . }}
    add: {{ toJson . }}
    {{- end }}
{{- end -}}

{{/* One probe at the ops port: (dict "service" service "path" "/healthz") */}}
{{- define "hepscope.probe" -}}
httpGet:
  path: {{ .path | quote }}
  port: ops
  {{- with .service.probes.host }}
  host: {{ . | quote }}
  {{- end }}
periodSeconds: {{ int .service.probes.periodSeconds }}
timeoutSeconds: {{ int .service.probes.timeoutSeconds }}
{{- end -}}

{{/* The pod template of a service: (dict "root" $ "key" key "service" service) */}}
{{- define "hepscope.pod" -}}
{{- $root := .root -}}
{{- $service := .service -}}
{{- $found := include "hepscope.connections" . | fromJson -}}
{{- $toml := include "hepscope.toml" . -}}
{{- $hasConfig := gt (len $service.sections) 0 -}}
{{- $name := include "hepscope.object" (dict "root" $root "key" .key) -}}
metadata:
  labels:
    {{- include "hepscope.labels" (dict "root" $root "key" .key "more" $service.podLabels) | nindent 4 }}
  annotations:
    {{- $own := dict -}}
    {{- if $hasConfig }}{{- $own = dict "checksum/config" (sha256sum $toml) -}}{{- end }}
    {{- merge $own (dict "kubectl.kubernetes.io/default-container" "hepscope") (deepCopy $service.podAnnotations) | include "hepscope.texts" | indent 4 }}
spec:
  {{- include "hepscope.pod.identity" (dict "root" $root "user" $service.runAsUser "account" (include "hepscope.account" $root)) | nindent 2 }}
  {{- if $service.hostNetwork }}
  hostNetwork: true
  dnsPolicy: ClusterFirstWithHostNet
  {{- end }}
  {{- with $service.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
  terminationGracePeriodSeconds: {{ int $service.terminationGracePeriodSeconds }}
  {{- with $service.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $service.tolerations }}
  tolerations: {{ toJson . }}
  {{- end }}
  {{- with $service.affinity }}
  affinity: {{ toJson . }}
  {{- end }}
  {{- if and $service.topologyKeys (ne $service.kind "DaemonSet") }}
  topologySpreadConstraints:
    {{- range $service.topologyKeys }}
    - maxSkew: 1
      topologyKey: {{ . | quote }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "hepscope.selector" (dict "root" $root "key" $.key) | nindent 10 }}
    {{- end }}
  {{- end }}
  {{- if eq $service.storage.mode "host" }}
  initContainers:
    # The kubelet makes the directory for root.
    - name: own-storage
      image: {{ include "hepscope.image" (dict "root" $root "image" $service.image) | quote }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy | quote }}
      command: [install, -d, -o, {{ int $service.runAsUser | toString | quote }}, -g, {{ int $service.runAsUser | toString | quote }}, -m, "0750", /var/lib/hepscope]
      resources:
        {{- toYaml $service.resources | nindent 8 }}
      securityContext:
        runAsUser: 0
        runAsNonRoot: false
        allowPrivilegeEscalation: false
        privileged: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
          add: [CHOWN, FOWNER]
      volumeMounts:
        - {name: data, mountPath: /var/lib/hepscope}
  {{- end }}
  containers:
    - name: hepscope
      image: {{ include "hepscope.image" (dict "root" $root "image" $service.image) | quote }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy | quote }}
      {{- with $service.command }}
      command:
        {{- range . }}
        - {{ . | quote }}
        {{- end }}
      {{- end }}
      {{- if or $hasConfig $service.args }}
      args:
        {{- if $hasConfig }}
        - --config
        - /etc/hepscope/hepscope.toml
        {{- end }}
        {{- range $service.args }}
        - {{ . | quote }}
        {{- end }}
      {{- end }}
      env:
        - {name: RELEASE, value: {{ include "hepscope.fullname" $root | quote }}}
        - name: NAMESPACE
          valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
        - name: POD_NAME
          valueFrom: {fieldRef: {fieldPath: metadata.name}}
        - name: NODE_NAME
          valueFrom: {fieldRef: {fieldPath: spec.nodeName}}
        - name: HOST_IP
          valueFrom: {fieldRef: {fieldPath: status.hostIP}}
        {{- with $service.opsVariable }}
        - name: {{ . | quote }}
          value: {{ printf "%s:%d" $root.Values.listenHost (int $service.opsPort) | quote }}
        {{- end }}
        {{- with $service.listenVariable }}
        - name: {{ . | quote }}
          value: {{ printf "%s:%d" $root.Values.listenHost (int (get $service.ports $service.listenPort).port) | quote }}
        {{- end }}
        {{- with $service.hostsVariable }}
        {{- $hosts := list $name (printf "%s.%s" $name $root.Release.Namespace) (printf "%s.%s.svc" $name $root.Release.Namespace) (printf "%s.%s.svc.cluster.local" $name $root.Release.Namespace) }}
        {{- if and $root.Values.ingress.enabled (eq $root.Values.ingress.service $.key) }}{{- $hosts = concat $hosts $root.Values.ingress.hosts }}{{- end }}
        - name: {{ . | quote }}
          value: {{ concat $hosts $service.hosts | uniq | join "," | quote }}
        {{- end }}
        {{- range $found.env }}
        - name: {{ .name | quote }}
          value: {{ .value | quote }}
        {{- end }}
        {{- range $variable, $value := $service.settings }}
        - name: {{ $variable | quote }}
          value: {{ $value | quote }}
        {{- end }}
      ports:
        - {name: ops, containerPort: {{ int $service.opsPort }}, protocol: TCP}
        {{- range $port, $own := $service.ports }}
        - name: {{ $port | quote }}
          containerPort: {{ int $own.port }}
          protocol: {{ default "TCP" $own.protocol | quote }}
          {{- with $own.hostPort }}
          hostPort: {{ int . }}
          {{- end }}
        {{- end }}
      startupProbe:
        {{- include "hepscope.probe" (dict "service" $service "path" "/healthz") | nindent 8 }}
        failureThreshold: {{ max 1 (div (int $service.probes.startupSeconds) (int $service.probes.periodSeconds)) }}
      readinessProbe:
        {{- $query := list }}
        {{- range $service.probes.readyParts }}{{- $query = append $query (printf "part=%s" .) }}{{- end }}
        {{- $ready := gt (len $query) 0 | ternary (printf "/readyz?%s" (join "&" $query)) "/readyz" }}
        {{- include "hepscope.probe" (dict "service" $service "path" $ready) | nindent 8 }}
        failureThreshold: 3
      livenessProbe:
        {{- include "hepscope.probe" (dict "service" $service "path" "/healthz") | nindent 8 }}
        failureThreshold: {{ max 1 (div (int $service.probes.livenessSeconds) (int $service.probes.periodSeconds)) }}
      {{- if $service.preStopSeconds }}
      lifecycle:
        preStop:
          exec:
            command: [sleep, {{ $service.preStopSeconds | int | toString | quote }}]
      {{- end }}
      resources:
        {{- toYaml $service.resources | nindent 8 }}
      {{- include "hepscope.container.security" $service.capabilities | nindent 6 }}
      volumeMounts:
        - {name: tmp, mountPath: /tmp}
        {{- if $hasConfig }}
        - {name: config, mountPath: /etc/hepscope/hepscope.toml, subPath: hepscope.toml, readOnly: true}
        {{- end }}
        {{- if $found.files }}
        - {name: secrets, mountPath: {{ include "hepscope.secrets" . | quote }}, readOnly: true}
        {{- end }}
        {{- if ne $service.storage.mode "none" }}
        - {name: data, mountPath: /var/lib/hepscope}
        {{- end }}
        {{- range $service.mounts }}
        - name: {{ printf "mount-%s" .name | quote }}
          mountPath: {{ .path | quote }}
          readOnly: true
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: {sizeLimit: {{ $service.tmpSize | quote }}}
    {{- if $hasConfig }}
    - name: config
      configMap:
        name: {{ $name | quote }}
    {{- end }}
    {{- if $found.files }}
    - name: secrets
      projected:
        defaultMode: 0440
        sources:
          {{- include "hepscope.sources" $found.files | nindent 10 }}
    {{- end }}
    {{- if eq $service.storage.mode "ephemeral" }}
    - name: data
      emptyDir: {sizeLimit: {{ $service.storage.size | quote }}}
    {{- else if eq $service.storage.mode "host" }}
    - name: data
      hostPath: {path: {{ $service.storage.hostPath | quote }}, type: DirectoryOrCreate}
    {{- end }}
    {{- range $service.mounts }}
    - name: {{ printf "mount-%s" .name | quote }}
      {{- if .secret }}
      secret: {secretName: {{ .secret | quote }}, defaultMode: 0440}
      {{- else if .configMap }}
      configMap: {name: {{ .configMap | quote }}}
      {{- else }}
      persistentVolumeClaim: {claimName: {{ .claim | quote }}, readOnly: true}
      {{- end }}
    {{- end }}
{{- end -}}
