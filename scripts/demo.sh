#!/bin/sh
# The whole way of a payment, on the sandbox: an environment is made, a payment file goes into the
# bucket, the function stores it, and the stored transaction is shown.
set -eu
cd "$(dirname -- "$0")/.."

suffix=${SUFFIX:-dev}
payctl=target/debug/payctl
step() { printf '\n== %s\n' "$*" >&2; }

step "payctl up --suffix $suffix --sandbox"
$payctl up --suffix "$suffix" --sandbox --yes

step "a second plan finds nothing to do"
$payctl plan --suffix "$suffix" --sandbox --detailed-exitcode

step "a payment file goes into the bucket; the function stores what is in it"
endpoint=$($payctl sandbox status | sed -n 's/^running at \([^ ]*\).*/\1/p')
bucket=$($payctl output --suffix "$suffix" --sandbox --raw payment_bucket)
table=$($payctl output --suffix "$suffix" --sandbox --raw table_name)
key=$($payctl output --suffix "$suffix" --sandbox --raw key_arn)
target/debug/send-payment --endpoint "$endpoint" --bucket "$bucket" --table "$table" --key "$key"

step "the same function, invoked directly"
$payctl invoke payment-processor --suffix "$suffix" --sandbox --payload \
    '{"payment_data": {"transactionId": "demo-direct", "amount": 12.50, "currency": "EUR", "cardLast4": "4242"}}'

step "done; \`payctl destroy --suffix $suffix --sandbox\` leaves nothing behind (payctl: $payctl)"
