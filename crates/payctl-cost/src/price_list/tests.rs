use serde_json::{Value, json};

use super::*;

/// As the AWS CLI's documentation has it (awscli/examples/pricing/get-products.rst, list of
/// 2018-08-08).
const PIOPS: &str = include_str!("recorded/piops-ap-southeast-1.json");
/// As the API answered on 2026-03-22 (list of 2026-03-18), of attributes only those that were kept.
const AURORA: &str = include_str!("recorded/aurora-r6g-large.json");

fn price(name: &str) -> Price {
    Prices::built_in().get(name).unwrap().clone()
}

/// In the shape of the recorded answers, with the values that the list had.
fn product(sku: &str, usage: &str, unit: &str, tiers: &[(&str, &str, &str)]) -> Value {
    let code = |at: usize| format!("{sku}.JRTCKXETXF.{at}");
    let dimension = |(begin, end, usd): &(&str, &str, &str)| {
        let per_unit = json!({ "USD": usd });
        json!({ "unit": unit, "beginRange": begin, "endRange": end, "pricePerUnit": per_unit })
    };
    let dimensions: serde_json::Map<String, Value> =
        tiers.iter().enumerate().map(|(at, tier)| (code(at), dimension(tier))).collect();
    json!({
        "product": { "sku": sku, "attributes": { "usagetype": usage, "regionCode": "eu-west-1" } },
        "terms": { "OnDemand": { format!("{sku}.JRTCKXETXF"): { "priceDimensions": dimensions } } },
        "publicationDate": "2026-09-11T12:44:22Z",
    })
}

fn of(name: &str, answer: &[Value]) -> Result<Read, ListError> {
    let texts: Vec<String> = answer.iter().map(Value::to_string).collect();
    read(&price(name), "eu-west-1", texts.iter().map(String::as_str))
}

#[test]
fn a_recorded_answer_is_understood() {
    let file = "[price.disk]\nwhat = \"disk\"\nunit = \"GB-month\"\nat = {}\n\
                list = { service = \"AmazonEC2\", usage = \"EBS:VolumeUsage.piops\" }";
    let prices = Prices::read(&[file]).unwrap();
    let found = read(prices.get("disk").unwrap(), "ap-southeast-1", [PIOPS.trim()]).unwrap();
    let Rate { usd, above, up_to, cited } = found.rate;
    assert_eq!((usd.exact().as_str(), above.len(), up_to), ("0.138", 0, None));
    let Cited { source, place, date } = cited;
    assert_eq!([source, place, date], ["aws-price-list", "3MKHN58N7RDDVGKJ", "2018-08-08"]);
    assert_eq!(found.was, None);
}

#[test]
fn the_list_of_2026_has_the_price_that_is_built_in() {
    let found = read(&price("aurora/db.r6g.large"), "us-east-1", [AURORA]).unwrap();
    assert_eq!(found.rate.usd.exact(), "0.26");
    assert_eq!(found.was, None, "nothing changes");
    // Another engine's, and I/O-Optimized, have other prices and are called alike.
    for other in [
        AURORA.replace("Aurora PostgreSQL", "Aurora MySQL"),
        AURORA.replace("InstanceUsage:", "InstanceUsageIOOptimized:"),
        AURORA.replace("\"us-east-1\"", "\"us-east-2\""),
    ] {
        let error = read(&price("aurora/db.r6g.large"), "us-east-1", [other.as_str()]).unwrap_err();
        assert_eq!(error, ListError::None("InstanceUsage:db.r6g.large".to_owned()));
    }
}

/// RDS writes `xl` for `xlarge`; a key's usage type begins with the region's name.
#[test]
fn queries_name_what_is_looked_for() {
    let prices = Prices::built_in();
    let all: Vec<Query> = queries(prices, "eu-west-1").collect();
    let of = |name: &str| all.iter().find(|query| query.price == name).unwrap();
    let value = |name: &str, field: &str| {
        let filter = of(name).filters.iter().find(|filter| filter.field == field).unwrap();
        (filter.kind, filter.value.clone())
    };
    assert_eq!(of("nat-gateway").service, "AmazonEC2");
    assert_eq!(value("nat-gateway", "usagetype"), ("CONTAINS", "NatGateway-Hours".to_owned()));
    assert_eq!(value("nat-gateway", "regionCode"), ("TERM_MATCH", "eu-west-1".to_owned()));
    assert_eq!(value("kms-key", "usagetype").1, "eu-west-1-KMS-Keys");
    assert_eq!(value("aurora/db.r6g.xlarge", "usagetype").1, "InstanceUsage:db.r6g.xl");
    assert_eq!(value("ec2/t3.small", "operatingSystem").1, "Linux");
    // Whatever is not asked for is told apart by name.
    let unasked: Vec<&str> =
        prices.all().filter(|(_, price)| price.list.is_none()).map(|(name, _)| name).collect();
    assert_eq!(unasked, ["advanced-parameter", "dynamodb-stream"]);
}

#[test]
fn usage_types_are_told_from_those_that_are_called_alike() {
    for same in [
        "NatGateway-Hours",
        "EU-NatGateway-Hours",
        "USE1-NatGateway-Hours",
        "APN1-NatGateway-Hours",
    ] {
        assert!(is_usage(same, "NatGateway-Hours"), "{same}");
    }
    for other in [
        "RegionalNatGateway-Hours",
        "USE1-RegionalNatGateway-Hours",
        "NatGateway-Hours-x",
        "x-NatGateway-Hours",
    ] {
        assert!(!is_usage(other, "NatGateway-Hours"), "{other}");
    }
    assert!(is_usage("us-east-1-KMS-Keys", "us-east-1-KMS-Keys"));
    assert!(!is_usage("VendedLog-Bytes-WAFLogs", "VendedLog-Bytes"));
}

/// SKU E6MS5SS3AMMHBJC6: 0.283 beyond the first 25 GB, which are the account's.
#[test]
fn an_allowance_is_not_a_price() {
    let tiers = [("0", "25", "0.0000000000"), ("25", "Inf", "0.2830000000")];
    let found = of(
        "dynamodb-storage",
        &[product("E6MS5SS3AMMHBJC6", "EU-TimedStorage-ByteHrs", "GB-Mo", &tiers)],
    );
    let rate = found.unwrap().rate;
    assert_eq!((rate.usd.exact().as_str(), rate.above.len()), ("0.283", 0));
}

/// As the list of 2026-09-21 has REST APIs in eu-west-1, for one request.
const REST: [(&str, &str, &str); 4] = [
    ("333000000", "1000000000", "0.0000031900"),
    ("0", "333000000", "0.0000035000"),
    ("1000000000", "20000000000", "0.0000027100"),
    ("20000000000", "Inf", "0.0000017200"),
];

#[test]
fn tiers_come_in_any_order_and_are_for_a_million() {
    let answer = [product("A", "EU-ApiGatewayRequest", "Requests", &REST)];
    let found = of("rest-api", &answer).unwrap();
    assert_eq!(found.rate.usd.exact(), "3.50");
    assert_eq!(found.rate.above, price("rest-api").at["eu-west-1"].above);
    assert_eq!(found.was, None);
}

#[test]
fn a_changed_price_is_told_with_the_one_before() {
    let mut tiers = REST;
    tiers[1].2 = "0.0000036000";
    let found =
        of("rest-api", &[product("A", "EU-ApiGatewayRequest", "Requests", &tiers)]).unwrap();
    assert_eq!(found.rate.usd.exact(), "3.60");
    assert_eq!(found.was.unwrap().usd.exact(), "3.50");
}

#[test]
fn what_cannot_be_understood_is_not_taken() {
    let wrong = |answer: &[Value]| of("rest-api", answer).unwrap_err().to_string();
    let one = |unit: &str, tiers: &[(&str, &str, &str)]| {
        wrong(&[product("A", "EU-ApiGatewayRequest", unit, tiers)])
    };
    assert!(one("Hrs", &REST).contains("its unit is Hrs, and not request"));
    assert!(one("Requests", &REST[..1]).contains("do not follow each other"));
    assert!(one("Requests", &[REST[1], REST[2]]).contains("do not follow each other"));
    assert!(one("Requests", &[("0", "Inf", "0.0035")]).contains("3500.00 is far from"));
    assert!(one("Requests", &[("0", "Inf", "0")]).contains("it costs nothing"));
    assert!(one("Requests", &[]).contains("do not follow each other"));
    assert!(one("Requests", &[("0", "many", "1")]).contains("is no number of units"));
    let (first, second) = (
        product("A", "EU-ApiGatewayRequest", "Requests", &REST),
        product("B", "EU-ApiGatewayRequest", "Requests", &[("0", "Inf", "0.0000035")]),
    );
    assert_eq!(wrong(&[first.clone(), second]), "the products A, B have different prices");
    assert!(of("rest-api", &[first.clone(), first]).is_ok(), "the same twice is one");
    let none = "no product of usage type ApiGatewayRequest is in the answer";
    assert_eq!(wrong(&[]), none);
    assert_eq!(wrong(&[product("A", "EU-ApiGatewayRequestX", "Requests", &REST)]), none);
    let chinese = json!({ "CNY": "1" });
    let mut other = product("A", "EU-ApiGatewayRequest", "Requests", &REST[..2]);
    let terms =
        other["terms"]["OnDemand"]["A.JRTCKXETXF"]["priceDimensions"].as_object_mut().unwrap();
    terms.values_mut().for_each(|dimension| dimension["pricePerUnit"] = chinese.clone());
    assert!(wrong(&[other]).contains("no price in USD"));
    let error = read(&price("rest-api"), "eu-west-1", ["{}"]).unwrap_err().to_string();
    assert!(error.contains("not the JSON of a product"), "{error}");
}

#[test]
fn a_file_of_rates_is_read_as_it_was_written() {
    let mut file = RateFile::default();
    let rest =
        of("rest-api", &[product("A", "EU-ApiGatewayRequest", "Requests", &REST)]).unwrap().rate;
    record(&mut file, "rest-api", "eu-west-1", rest.clone());
    let aurora = read(&price("aurora/db.r6g.large"), "us-east-1", [AURORA]).unwrap().rate;
    record(&mut file, "aurora/db.r6g.large", "us-east-1", Rate { up_to: Some(5.into()), ..aurora });
    record(&mut file, "rest-api", "eu-north-1", rest);
    let text = file.toml();
    assert_eq!(RateFile::read(&text).unwrap(), file, "{text}");

    let prices = Prices::built_in().clone().updated(&text).unwrap();
    let at = &prices.get("rest-api").unwrap().at;
    assert_eq!(at["eu-north-1"].usd.exact(), "3.50");
    assert_eq!(at["eu-west-1"].cited.source, "aws-price-list");
    assert_eq!(at["us-east-1"].cited.source, "infracost", "what was not read stays");
}
