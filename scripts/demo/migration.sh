# The demonstration of `migration`, for scripts/demo.sh: payments that are validated and scored, a
# password that changes by itself, and requests that move from blue to green.

# So that the second payment of an hour is suspicious already, and a large one is declined.
config=$folder/payctl.toml
printf '[migration]\nvelocity_limit = 1\ndecline_score = 70\n' >"$config"

migration() {
    url=$(output api_endpoint)
    host=${url#https://}
    payments
    rotation
    flow
    shifting
}

payments() {
    step "a payment is posted to $url/validate: can it be made?"
    small='{"customerId": "c-1", "amount": "12.50", "currency": "EUR", "cardLast4": "4242"}'
    post 200 "$small" validate
    step "one that cannot, with all the reasons"
    post 422 '{"customerId": "c-1", "amount": "60000", "currency": "JPY"}' validate
    step "it is processed: validated, scored by the customer's history, and written"
    post 200 "$small" process order-0001
    first=$(transaction)
    step "the same again under the same key: the first answer, and nothing written twice"
    post 200 "$small" process order-0001
    step "another one right after it, of a customer whom nothing speaks for yet: declined"
    post 200 '{"customerId": "c-1", "amount": "900", "currency": "EUR"}' process order-0002
    step "what is stored of both"
    stored "$first"
    stored "$(transaction)"
}

# The transaction that was answered last.
transaction() { printf '%s' "$answer" | sed -n 's/.*"transactionId":"\([^"]*\)".*/\1/p'; }

# The row of transaction $1.
stored() {
    json dynamodb DynamoDB_20120810.GetItem "{\"TableName\": \"$(output table_name)\",
        \"Key\": {\"transaction_id\": {\"S\": \"$1\"}},
        \"ProjectionExpression\": \"transaction_id, customer_id, amount, #status, score\",
        \"ExpressionAttributeNames\": {\"#status\": \"status\"}}"
}

# The database's password opens it, is changed, and opens it no more.
rotation() {
    secret=$(output secret_arn)
    database=$(output cluster_endpoint)
    if postgres=$(sh scripts/tools.sh --postgres); then PATH=$PATH:$postgres; fi
    step "the password in $secret opens the database, over TLS"
    old=$(password)
    log_in "$old"
    step "Secrets Manager has it changed by the function secrets-rotation-$suffix"
    rotate
    step "the new one opens the database"
    log_in "$(password)"
    step "the old one does not"
    if log_in "$old"; then
        echo "demo: the old password still opens the database" >&2
        exit 1
    fi
}

# Has the password changed, and waits until it is.
rotate() {
    version=$(json secretsmanager secretsmanager.RotateSecret "{\"SecretId\": \"$secret\"}" |
        sed -n 's/.*"VersionId": "\([^"]*\)".*/\1/p')
    current="\"$version\": \[[^]]*\"AWSCURRENT\"[^]]*\]"
    wait_for rotated
}

# The version that the rotation began is the current one.
rotated() {
    json secretsmanager secretsmanager.DescribeSecret "{\"SecretId\": \"$secret\"}" |
        sed -n "s/.*\"VersionIdsToStages\": {[^}]*\($current\).*/\1/p" | grep .
}

# The database's password, which is never shown.
password() {
    json secretsmanager secretsmanager.GetSecretValue "{\"SecretId\": \"$secret\"}" |
        sed -n 's/.*\\"password\\":[ ]*\\"\([^"\\]*\)\\".*/\1/p'
}

# Logs in with password $1, and tells as whom and how.
log_in() {
    ask_database "$1" "SELECT current_user, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
}

# Asks the database $2 with password $1.
ask_database() {
    PGPASSWORD=$1 PGSSLMODE=require psql --no-psqlrc --no-align --tuples-only \
        --host "$database" --username payments_admin --dbname payments --command "$2"
}

# Payments flow while the password changes and while their connections end, as in a failover; each is
# counted, where it was answered and where it is kept.
flow() {
    count=160
    step "$count payments flow, 20 a second"
    target/tools/venv/bin/python scripts/demo/flow.py "$endpoint" "$host" "$count" 20 >"$folder/flow" &
    sending=$!
    servers="$servers $sending"
    sleep 2
    step "meanwhile the password changes"
    rotate
    sleep 1
    step "and the database ends the functions' connections, as a failover does"
    ask_database "$(password)" "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND application_name = 'transaction-processing'"
    if ! wait "$sending"; then
        cat "$folder/flow"
        echo "demo: payments failed" >&2
        exit 1
    fi
    step "what was answered: how often, status, decision"
    cat "$folder/flow"
    step "what the database has of them: payments, customers, their total"
    kept=$(ask_database "$(password)" "SELECT sum(payments), count(*), sum(total)
        FROM customer_totals WHERE customer_id LIKE 'flow-%'")
    printf '%s\n' "$kept"
    step "what the table has of them"
    rows=$(json dynamodb DynamoDB_20120810.Scan "{\"TableName\": \"$(output table_name)\",
        \"Select\": \"COUNT\", \"FilterExpression\": \"begins_with(customer_id, :flow)\",
        \"ExpressionAttributeValues\": {\":flow\": {\"S\": \"flow-\"}}}" |
        sed -n 's/.*"Count": *\([0-9]*\).*/\1/p')
    printf '%s\n' "$rows"
    if [ "${kept%|*}|$rows" != "$count|$count|$count" ]; then
        echo "demo: $count were expected, each once" >&2
        exit 1
    fi
}

# Requests move from blue to green: back when green becomes unhealthy on the way, and then for good.
shifting() {
    serve blue 127.0.0.21
    serve green 127.0.0.22
    run shift --green 10
    wait_for both_healthy
    step "payctl shift: how requests are divided"
    run shift
    step "payctl shift --gradual 25,50,100 --step 3s, and green becomes unhealthy at 50"
    ended=$folder/ended
    { run shift --gradual 25,50,100 --step 3s 2>&1 && echo 0 || echo $?; } | failing_at_half
    if [ "$(cat "$ended")" != 1 ]; then
        echo "demo: exit code 1 was expected" >&2
        exit 1
    fi
    step "green is healthy again, and gets all requests"
    rm "$folder/green"
    run shift --gradual 50,100 --step 3s
    step "a plan leaves the requests where they are"
    run plan --detailed-exitcode
    step "a request through the API, the VPC link and the load balancer"
    get app/hello
}

# Each group has a healthy target.
both_healthy() { [ "$(run shift 2>&1 | grep -c ': 1 healthy')" = 2 ]; }

# A server of colour $1 at address $2, as a target of the group of its name. The file of its name
# makes it unhealthy.
serve() {
    target/tools/venv/bin/python scripts/application.py "$1" "$2" 8080 "$folder/$1" &
    servers="$servers $!"
    until curl --silent --output /dev/null "http://$2:8080/health"; do
        kill -0 $!
        sleep 0.1
    done
    query elasticloadbalancing Action=RegisterTargets Version=2015-12-01 \
        "TargetGroupArn=$(output "$1_target_group_arn")" \
        "Targets.member.1.Id=$2" Targets.member.1.Port=8080 >/dev/null
}

# Shows what a shift says, makes green unhealthy at 50, and keeps the exit code, the last line.
failing_at_half() {
    while IFS= read -r line; do
        case $line in
            [0-9]*) echo "$line" >"$ended"; line="exit code $line" ;;
            "green 50 %"*) : >"$folder/green" ;;
        esac
        printf '%s\n' "$line"
    done
}
