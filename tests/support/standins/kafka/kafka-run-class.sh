#!/usr/bin/env bash
# kafka-run-class.sh CLASS [ARGUMENTS]: runs a class of the broker's jars.
set -euo pipefail
logging=${KAFKA_LOG4J_FILE:-/opt/kafka/config/tools-log4j2.properties}
# shellcheck disable=SC2086  # each is a list of options
exec java ${KAFKA_HEAP_OPTS:--Xmx256m} ${KAFKA_JVM_PERFORMANCE_OPTS:--Xshare:auto} \
    "-Dlog4j2.configurationFile=$logging" ${KAFKA_JMX_OPTS-} ${KAFKA_OPTS-} -cp '/opt/kafka/libs/*' "$@"
