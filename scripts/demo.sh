#!/bin/sh
# The whole way of a payment, on the sandbox: an environment is made, a payment goes in, the
# function stores it, and what is stored is shown. STACK names the system, pci-core or secure-api.
set -eu
cd "$(dirname -- "$0")/.."

stack=${STACK:-pci-core}
# The systems have names in common, so that each takes another suffix.
case $stack in
    secure-api) suffix=${SUFFIX:-api} ;;
    *) suffix=${SUFFIX:-dev} ;;
esac
payctl=target/debug/payctl
step() { printf '\n== %s\n' "$*" >&2; }
run() { command=$1; shift; $payctl "$command" --stack "$stack" --suffix "$suffix" --sandbox "$@"; }
output() { run output --raw "$1"; }

# A payment file goes into the bucket, and another payment to the function itself.
pci_core() {
    step "a payment file goes into the bucket; the function stores what is in it"
    bucket=$(output payment_bucket)
    table=$(output table_name)
    key=$(output key_arn)
    target/debug/send-payment --endpoint "$endpoint" --bucket "$bucket" --table "$table" --key "$key"

    step "the same function, invoked directly"
    run invoke payment-processor --payload \
        '{"payment_data": {"transactionId": "demo-direct", "amount": 12.50, "currency": "EUR", "cardLast4": "4242"}}'
}

# A payment is posted to the API, again, and with other content.
secure_api() {
    url=$(output api_gateway_url)
    host=${url#https://}
    host=${host%%/*}
    step "a payment is posted to $url/process-payment"
    post 200 '{"transactionId": "demo-1", "customerId": "c-1", "amount": 12.50}'
    step "the same again: the first answer, and nothing stored twice"
    post 200 '{"transactionId": "demo-1", "customerId": "c-1", "amount": "12.5"}'
    step "the same id with another amount: a conflict"
    post 409 '{"transactionId": "demo-1", "customerId": "c-1", "amount": 99}'
    step "a payment without an amount: turned away before the function"
    post 400 '{"transactionId": "demo-2", "customerId": "c-1"}'
}

# Posts $2 to the API under its own host name, which the sandbox answers to. Expects status $1.
post() {
    answer=$(curl --silent --show-error --header "Host: $host" \
        --header 'Content-Type: application/json' --data "$2" --write-out '\n%{http_code}' \
        "$endpoint/$suffix/process-payment")
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

step "a second plan finds nothing to do"
run plan --detailed-exitcode

endpoint=$($payctl sandbox status | sed -n 's/^running at \([^ ]*\).*/\1/p')
case $stack in
    pci-core) pci_core ;;
    secure-api) secure_api ;;
    *) echo "demo: there is no demonstration of $stack" >&2; exit 1 ;;
esac

step "done; \`payctl destroy --stack $stack --suffix $suffix --sandbox\` leaves nothing behind (payctl: $payctl)"
