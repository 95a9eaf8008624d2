export HOME=/tmp/s1/rmq ERL_EPMD_PORT=43690 ERL_EPMD_ADDRESS=127.0.0.1
epmd -port 43690 -address 127.0.0.1 &
printf '[rabbitmq_management].' > enabled
cat > rabbit.conf <<F
listeners.tcp.1 = 127.0.0.1:45672
management.tcp.ip = 127.0.0.1
management.tcp.port = 45673
distribution.listener.interface = 127.0.0.1
collect_statistics_interval = 1000
F
export RABBITMQ_NODENAME=t$$@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT=45672 RABBITMQ_DIST_PORT=45674 RABBITMQ_MNESIA_BASE=/tmp/s1/rmq/db RABBITMQ_LOG_BASE=/tmp/s1/rmq/log RABBITMQ_ENABLED_PLUGINS_FILE=/tmp/s1/rmq/enabled RABBITMQ_CONFIG_FILE=/tmp/s1/rmq/rabbit.conf RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_LOGS=-
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 1:1 +sbwt none +JMsingle true"
exec /usr/lib/rabbitmq/bin/rabbitmq-server
