#!/bin/sh
# The whole way of a payment, on the sandbox: an environment is made, a payment goes in, the
# function stores it, and what is stored is shown. STACK names the system: pci-core,
# secure-api, cost-optimized or migration.
set -eu
cd "$(dirname -- "$0")/.."

stack=${STACK:-pci-core}
# The systems have names in common, so that each takes another suffix.
case $stack in
    secure-api) suffix=${SUFFIX:-api} ;;
    cost-optimized) suffix=${SUFFIX:-flow} ;;
    migration) suffix=${SUFFIX:-tiers} ;;
    *) suffix=${SUFFIX:-dev} ;;
esac
payctl=target/debug/payctl
step() { printf '\n== %s\n' "$*" >&2; }
folder=$(mktemp -d)
# What differs from the defaults.
config=
# What was started in the background.
servers=
clean_up() {
    rm -rf "$folder"
    # shellcheck disable=SC2086
    [ -z "$servers" ] || kill $servers 2>/dev/null || true
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
run() {
    command=$1
    shift
    $payctl "$command" --stack "$stack" --suffix "$suffix" --sandbox ${config:+--config "$config"} "$@"
}
# Runs $@ until it succeeds, for half a minute.
wait_for() {
    tries=300
    until "$@"; do
        tries=$((tries - 1))
        if [ "$tries" = 0 ]; then
            echo "demo: $1 was waited for in vain" >&2
            exit 1
        fi
        sleep 0.1
    done
}
output() { run output --raw "$1"; }
[ "$stack" != migration ] || . scripts/demo/migration.sh

# A payment file goes into the bucket, and another payment to the function itself.
pci_core() {
    bucket=$(output payment_bucket)
    table=$(output table_name)
    id=demo-$(date +%s%3N)
    payment="{\"transactionId\": \"$id\", \"amount\": 1249.99, \"currency\": \"EUR\", \"cardLast4\": \"4242\"}"
    step "a payment file goes into the bucket: payments/$id.json"
    printf '%s\n' "$payment"
    request "$endpoint/$bucket/payments/$id.json" s3 --fail --request PUT --data "$payment" \
        --header 'Content-Type: application/json' \
        --header 'x-amz-server-side-encryption: aws:kms' \
        --header "x-amz-server-side-encryption-aws-kms-key-id: $(output key_arn)"
    step "the bucket calls the function, which stores what is in it"
    wait_for recorded

    step "the same function, invoked directly"
    run invoke payment-processor --payload \
        '{"payment_data": {"transactionId": "demo-direct", "amount": 12.50, "currency": "EUR", "cardLast4": "4242"}}'
}

# The rows of payment $id.
recorded() {
    json dynamodb DynamoDB_20120810.Query "{\"TableName\": \"$table\",
        \"KeyConditionExpression\": \"transactionId = :id\",
        \"ExpressionAttributeValues\": {\":id\": {\"S\": \"$id\"}}}" |
        grep "$id"
}

# A payment is posted to the API, again, and with other content.
secure_api() {
    url=$(output api_gateway_url)
    host=${url#https://}
    host=${host%%/*}
    step "a payment is posted to $url/process-payment"
    post 200 '{"transactionId": "demo-1", "customerId": "c-1", "amount": 12.50}' "$suffix/process-payment"
    step "the same again: the first answer, and nothing stored twice"
    post 200 '{"transactionId": "demo-1", "customerId": "c-1", "amount": "12.5"}' "$suffix/process-payment"
    step "the same id with another amount: a conflict"
    post 409 '{"transactionId": "demo-1", "customerId": "c-1", "amount": 99}' "$suffix/process-payment"
    step "a payment without an amount: turned away before the function"
    post 400 '{"transactionId": "demo-2", "customerId": "c-1"}' "$suffix/process-payment"
}

# A payment is posted, queued and completed; a poisoned message is set aside.
cost_optimized() {
    url=$(output api_endpoint)
    host=${url#https://}
    host=${host%%/*}
    queue=$(output queue_url)
    step "a payment is posted to $url/payments, and waits in the queue"
    post 202 '{"customerId": "c-1", "amount": "12.50", "currency": "EUR"}' prod/payments
    id=$(printf '%s' "$answer" | sed -n 's/.*"paymentId":"\([^"]*\)".*/\1/p')
    step "the queue feeds the function that completes it"
    wait_for completed "$id"
    step "a message that nobody can complete, among others"
    sqs Action=SendMessage "QueueUrl=$queue" MessageBody=poison >/dev/null
    post 202 '{"customerId": "c-2", "amount": 7, "currency": "EUR"}' prod/payments
    dead_letters=$(printf '%s' "$queue" | sed 's/payment-queue/payment-dlq/')
    wait_for set_aside
    step "it ended in the dead-letter queue; the payments are completed"
    get 'prod/payments?status=completed'
    step "each has left its objects in the audit bucket"
    objects=$(request "$endpoint/$(output bucket_name)?list-type=2&prefix=audit/" s3 |
        grep -o '<Key>[^<]*' | cut -c 6-)
    printf '%s\n' "$objects" | grep "$id"
    printf '%s\n' "$objects" | grep -v "$id"
}

# Payment $1 is completed.
completed() { get "prod/payments/$1" | grep '"completed"'; }

# A message is among the dead letters.
set_aside() {
    sqs Action=GetQueueAttributes "QueueUrl=$dead_letters" AttributeName.1=All |
        grep -o '<Name>ApproximateNumberOfMessages</Name><Value>1</Value>'
}

# Asks the API for $1.
get() {
    curl --silent --show-error --header "Host: $host" --write-out '\n' "$endpoint/$1"
}

# A call to SQS.
sqs() { query sqs "$@"; }

# A call to service $1 with the fields of a form, as older services have it.
query() {
    service=$1
    shift
    set -- "$service" $(printf -- '--data-urlencode %s ' "$@")
    call "$@" | tr -d '\n '
}

# A call to service $1, target $2, with JSON $3.
json() {
    call "$1" --header "X-Amz-Target: $2" --header 'Content-Type: application/x-amz-json-1.1' \
        --data "$3" --write-out '\n'
}

# A call to service $1 as curl is told.
call() {
    called=$1
    shift
    request "$endpoint/" "$called" "$@"
}

# A request to $1, of service $2, as curl is told, whose signature the sandbox does not look at.
request() {
    to=$1
    scope="sandbox/20260101/us-east-1/$2/aws4_request"
    shift 2
    curl --silent --show-error "$@" "$to" \
        --header "Authorization: AWS4-HMAC-SHA256 Credential=$scope, SignedHeaders=host, Signature=0"
}

# Posts $2 to path $3 of the API under its own host name, which the sandbox answers to, with
# Idempotency-Key $4 where there is one. Expects status $1.
post() {
    answer=$(curl --silent --show-error --header "Host: $host" ${4:+--header "Idempotency-Key: $4"} \
        --header 'Content-Type: application/json' --data "$2" --write-out '\n%{http_code}' \
        "$endpoint/$3")
    status=${answer##*
}
    printf '%s\n%s\n' "$2" "$answer"
    if [ "$status" != "$1" ]; then
        echo "demo: $1 was expected" >&2
        exit 1
    fi
}

step "payctl up --stack $stack --suffix $suffix --sandbox"
run up --yes

step "a second plan finds no changes"
run plan --detailed-exitcode

endpoint=$($payctl sandbox status | sed -n 's/^running at \([^ ]*\).*/\1/p')
case $stack in
    pci-core) pci_core ;;
    secure-api) secure_api ;;
    cost-optimized) cost_optimized ;;
    migration) migration ;;
    *) echo "demo: there is no demonstration of $stack" >&2; exit 1 ;;
esac

step "done; \`payctl destroy --stack $stack --suffix $suffix --sandbox\` leaves nothing behind (payctl: $payctl)"
