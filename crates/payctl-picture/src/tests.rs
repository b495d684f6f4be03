//! What holds of every picture, tried on the four systems and on hostile names.

use std::collections::BTreeSet;

use crate::card::Line;
use crate::layout::{Layout, Rect};
use crate::palette;
use crate::reduce::direct;
use crate::route::routes;
use crate::scene::Scene;
use crate::{Action, Colour, Cost, Graph, Health, Node, Use, dot, mermaid, svg};

/// What each system uses, as `payctl plan --json` says it: a resource on each line, behind it what
/// it uses, with the properties.
const SYSTEMS: [(&str, &str); 4] = [
    ("pci-core", include_str!("tests/pci-core.txt")),
    ("secure-api", include_str!("tests/secure-api.txt")),
    ("cost-optimized", include_str!("tests/cost-optimized.txt")),
    ("migration", include_str!("tests/migration.txt")),
];

const COLOURS: [Colour; 4] = [Colour::None, Colour::Action, Colour::Health, Colour::Cost];

fn node(line: &str) -> Node {
    let mut words = line.split(' ');
    let address = words.next().unwrap().to_owned();
    let uses = words.map(|word| {
        let (address, properties) = word.split_once('=').unwrap_or((word, ""));
        let properties = properties.split(',').filter(|name| !name.is_empty());
        Use { address: address.to_owned(), properties: properties.map(str::to_owned).collect() }
    });
    Node { address, uses: uses.collect(), ..Node::default() }
}

fn system(name: &str, text: &str) -> Graph {
    let actions = [Action::Create, Action::Update, Action::Replace, Action::Delete, Action::Keep];
    let healths = [Health::Well, Health::Drifted, Health::Missing, Health::Unfinished];
    let costs = [None, Some(Cost::Known(2_500_000)), Some(Cost::Unknown), Some(Cost::Known(7))];
    let mut nodes: Vec<Node> = text.lines().map(node).collect();
    for (nth, node) in nodes.iter_mut().enumerate() {
        node.action = Some(actions[nth / 7 % actions.len()]);
        node.health = Some(healths[nth / 5 % healths.len()]);
        node.cost = costs[nth / 3 % costs.len()];
    }
    Graph { title: format!("{name} dev"), subtitle: "us-east-1".to_owned(), nodes }
}

fn systems() -> impl Iterator<Item = Graph> {
    SYSTEMS.into_iter().map(|(name, text)| system(name, text))
}

/// A graph of lines as in those files.
fn of(lines: &str) -> Graph {
    system("own", lines)
}

/// The frames' and cards' titles, from the outside in, each with how much is on it.
fn outline(graph: &Graph) -> Vec<String> {
    fn walk(scene: &Scene<'_>, frame: &crate::scene::Frame, path: &str, all: &mut Vec<String>) {
        let path = format!("{path}{} > ", frame.title);
        for inner in &frame.frames {
            walk(scene, inner, &path, all);
        }
        for card in &frame.cards {
            let card = &scene.cards[*card];
            all.push(format!("{path}{} {}", card.title, card.count));
        }
    }
    let scene = Scene::new(graph, Colour::None);
    let mut all = Vec::new();
    for frame in &scene.frames {
        walk(&scene, frame, "", &mut all);
    }
    all
}

#[test]
fn resources_stand_where_their_subnets_are() {
    let graph = system("migration", SYSTEMS[3].1);
    assert_eq!(
        outline(&graph),
        [
            "Ways in > Certificate Manager 1",
            "Ways in > API Gateway 8",
            "Keys and permissions > IAM 4",
            "Keys and permissions > KMS 12",
            "VPC main > Subnets public > Network 16",
            "VPC main > All subnets > Network 9",
            "VPC main > Subnets private > API Gateway 1",
            "VPC main > Subnets private > Network 12",
            "VPC main > Subnets private > Elastic Load Balancing 5",
            "VPC main > Subnets private > Lambda 8",
            "VPC main > Subnets database > Network 7",
            "VPC main > Subnets database > Aurora (RDS) 6",
            "Data and messages > DynamoDB 1",
            "Data and messages > S3 3",
            "Data and messages > Secrets Manager 4",
            "Data and messages > SNS 2",
            "Data and messages > Parameter Store 3",
            "Logs, alarms and audit > CloudWatch 14",
            "Logs, alarms and audit > CloudWatch Logs 6",
        ]
    );
}

#[test]
fn networks_and_services_that_nobody_knows_have_a_place() {
    let graph = of("ec2.vpc:a\nec2.vpc:b\nec2.subnet:web-1 ec2.vpc:a=vpc\nec2.subnet:web-2 \
                    ec2.vpc:b=vpc\nec2.elastic_ip:lonely\nlambda.function:f \
                    ec2.subnet:web-1=subnets\nquantum.computer:q lambda.function:f=caller\nodd");
    assert_eq!(
        outline(&graph),
        [
            "VPC a > All subnets > Network 1",
            "VPC a > Subnets web > Network 1",
            "VPC a > Subnets web > Lambda 1",
            "VPC b > All subnets > Network 1",
            "VPC b > Subnets web > Network 1",
            "Functions and servers > EC2 1",
            "Other > odd 1",
            "Other > quantum 1",
        ]
    );
}

#[test]
fn every_resource_is_on_one_card_and_pointed_at() {
    for graph in systems() {
        for colour in COLOURS {
            let scene = Scene::new(&graph, colour);
            let lines = scene.cards.iter().flat_map(|card| &card.columns).flat_map(|c| &c.lines);
            let shown: Vec<&str> = lines
                .filter_map(|line| match line {
                    Line::Row { nodes, .. } => Some(nodes.iter().map(|node| node.address.as_str())),
                    Line::Kind(_) => None,
                })
                .flatten()
                .collect();
            assert_eq!(shown.len(), graph.nodes.len(), "{}", graph.title);
            let shown: BTreeSet<&str> = shown.into_iter().collect();
            assert_eq!(shown.len(), graph.nodes.len(), "{}", graph.title);
        }
    }
}

#[test]
fn nothing_lies_on_anything_else() {
    for graph in systems() {
        for room in [600, 1240, 2000] {
            let scene = Scene::new(&graph, Colour::Cost);
            let layout = Layout::new(&scene, room);
            let whole = Rect { x: 0, y: 0, width: layout.width, height: layout.height };
            let apart = |a: &Rect, b: &Rect| {
                a.right() < b.x || b.right() < a.x || a.bottom() < b.y || b.bottom() < a.y
            };
            let within = |a: &Rect, b: &Rect| {
                a.x >= b.x && a.y >= b.y && a.right() <= b.right() && a.bottom() <= b.bottom()
            };
            for (nth, card) in layout.cards.iter().enumerate() {
                assert!(within(card, &whole), "{card:?}");
                assert!(card.width > 0 && card.height > 0);
                for other in &layout.cards[nth + 1..] {
                    assert!(apart(card, other), "{}: {card:?} {other:?}", graph.title);
                }
                for frame in &layout.frames {
                    let fits = within(card, &frame.rect) || apart(card, &frame.rect);
                    assert!(fits && apart(card, &frame.title()), "{card:?} {:?}", frame.rect);
                }
            }
            for (nth, one) in layout.frames.iter().enumerate() {
                for other in &layout.frames[nth + 1..] {
                    let fits = within(&other.rect, &one.rect) || apart(&one.rect, &other.rect);
                    assert!(fits, "{} and {}", one.frame.title, other.frame.title);
                }
            }
        }
    }
}

/// Whether the way between two corners goes through a card's inside or along its edge.
fn hits((from, to): (&(u32, u32), &(u32, u32)), card: &Rect) -> bool {
    let (left, right) = (from.0.min(to.0), from.0.max(to.0));
    let (top, bottom) = (from.1.min(to.1), from.1.max(to.1));
    right > card.x && left < card.right() && bottom > card.y && top < card.bottom()
}

#[test]
fn lines_go_from_card_to_card_and_through_none() {
    for graph in systems() {
        let scene = Scene::new(&graph, Colour::None);
        let layout = Layout::new(&scene, 1240);
        let routes = routes(&layout, &scene.lines);
        assert!(routes.len() > 3, "{}", graph.title);
        let mut steps = BTreeSet::new();
        for (link, route) in scene.lines.iter().zip(&routes) {
            let on_edge = |(x, y): &(u32, u32), card: &Rect| {
                let (across, down) = ((card.x..=card.right()), (card.y..=card.bottom()));
                let side = *x == card.x || *x == card.right();
                let level = *y == card.y || *y == card.bottom();
                across.contains(x) && down.contains(y) && (side != level)
            };
            assert!(on_edge(route.first().unwrap(), &layout.cards[link.from]), "{route:?}");
            assert!(on_edge(route.last().unwrap(), &layout.cards[link.to]), "{route:?}");
            for pair in route.windows(2) {
                assert!((pair[0].0 == pair[1].0) != (pair[0].1 == pair[1].1), "{route:?}");
                for card in &layout.cards {
                    assert!(!hits((&pair[0], &pair[1]), card), "{}: {route:?}", graph.title);
                }
                // No two lines share a piece of their way.
                let (a, b) = (pair[0].min(pair[1]), pair[0].max(pair[1]));
                for x in (a.0..b.0.max(a.0 + 1)).step_by(10) {
                    for y in (a.1..b.1.max(a.1 + 1)).step_by(10) {
                        assert!(steps.insert((x, y, a.0 == b.0)), "{}: {route:?}", graph.title);
                    }
                }
            }
        }
    }
}

#[test]
fn a_picture_is_xml_that_draws_all_it_points_to() {
    for (graph, colour) in systems().zip(COLOURS) {
        {
            let text = svg(&graph, colour, 1240);
            let document = roxmltree::Document::parse(&text).unwrap();
            let titles: Vec<&str> = document
                .descendants()
                .filter(|one| one.has_tag_name(("http://www.w3.org/2000/svg", "title")))
                .filter_map(|one| one.text())
                .collect();
            for node in &graph.nodes {
                let is_told = |title: &&str| title.lines().any(|line| line == node.address);
                assert!(titles.iter().any(is_told), "{}", node.address);
            }
            // Nothing is fetched from anywhere: the only address is the namespace's name.
            assert_eq!(text.matches("http").count(), 1);
            let ids: Vec<&str> =
                document.descendants().filter_map(|one| one.attribute("id")).collect();
            assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len());
        }
    }
}

#[test]
fn hostile_names_are_text() {
    let bad = "x\"]</title><script>alert(1)</script>\u{202E}\u{0}&amp;\\n#quot;`%%{init}%%\n";
    let nodes = vec![
        Node { address: format!("lambda.function:{bad}"), note: Some(bad.to_owned()), ..node("a") },
        Node { address: format!("{bad}.{bad}:{bad}"), ..node("a") },
        Node {
            address: "sqs.queue:q".to_owned(),
            uses: vec![Use {
                address: format!("lambda.function:{bad}"),
                properties: vec![bad.to_owned()],
            }],
            ..Node::default()
        },
    ];
    let graph = Graph { title: bad.to_owned(), subtitle: bad.to_owned(), nodes };
    let text = svg(&graph, Colour::Action, 800);
    let document = roxmltree::Document::parse(&text).unwrap();
    assert!(!document.descendants().any(|one| one.tag_name().name() == "script"));
    assert!(!text.contains('\u{202E}'));

    let dot = dot(&graph, Colour::Action);
    for line in dot.lines().filter(|line| line.contains("label=") || line.contains("tooltip=")) {
        // Outside of what is quoted, nothing of a name is left.
        let mut outside = String::new();
        let (mut quoted, mut escaped) = (false, false);
        for c in line.chars() {
            match c {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                c if !quoted => outside.push(c),
                _ => {}
            }
        }
        assert!(!quoted && !outside.contains("script"), "{line}");
    }

    let mermaid = mermaid(&graph, Colour::Action);
    for line in mermaid.lines().filter(|line| line.contains("[\"")) {
        assert_eq!(line.matches('"').count(), 2, "{line}");
        assert!(!line.contains('<') && !line.contains('`') && !line.contains('%'), "{line}");
    }
}

#[test]
fn the_same_graph_in_any_order_of_uses_gives_the_same_bytes() {
    for graph in systems() {
        let mut other = graph.clone();
        other.nodes.iter_mut().for_each(|node| node.uses.reverse());
        let colour = Colour::Action;
        assert!(svg(&graph, colour, 1240) == svg(&other, colour, 1240), "{}", graph.title);
        assert!(dot(&graph, colour) == dot(&other, colour), "{}", graph.title);
        assert!(mermaid(&graph, colour) == mermaid(&other, colour), "{}", graph.title);
    }
}

#[test]
fn other_programs_get_every_resource_and_the_direct_uses() {
    for graph in systems() {
        for (text, arrow) in
            [(dot(&graph, Colour::None), " -> "), (mermaid(&graph, Colour::None), " --> ")]
        {
            let nodes = text.lines().filter(|line| {
                let line = line.trim_start();
                line.starts_with('n')
                    && line.contains('[')
                    && !line.contains(arrow)
                    && line[1..].starts_with(|c: char| c.is_ascii_digit())
            });
            assert_eq!(nodes.count(), graph.nodes.len(), "{text}");
            let all: usize = graph.nodes.iter().map(|node| node.uses.len()).sum();
            let drawn: Vec<&str> = text.lines().filter(|line| line.contains(arrow)).collect();
            assert!(drawn.len() < all && drawn.len() * 3 > all, "{} of {all}", drawn.len());
            for line in drawn {
                let (from, to) = line.trim().split_once(arrow).unwrap();
                let to = to.split([' ', ';']).next().unwrap();
                for end in [from, to] {
                    assert!(
                        text.contains(&format!(" {end}[")) || text.contains(&format!(" {end} ["))
                    );
                }
            }
        }
        // Mermaid's `maxTextSize` and `maxEdges` are 50,000 and 500 where nothing else is
        // configured: https://mermaid.js.org/config/schema-docs/config.html.
        let text = mermaid(&graph, Colour::Action);
        assert_eq!(text.matches("  subgraph ").count(), text.matches("  end\n").count());
        assert!(text.len() < 50_000 && text.matches(" --> ").count() < 500);
    }
}

#[test]
fn what_others_imply_is_left_out_and_circles_stay() {
    let pairs = |all: &[(u8, u8)]| all.iter().copied().collect::<BTreeSet<_>>();
    let chain = pairs(&[(1, 2), (2, 3), (1, 3)]);
    assert_eq!(direct(&chain), pairs(&[(1, 2), (2, 3)]));
    let circle = pairs(&[(1, 2), (2, 1), (2, 3), (1, 3)]);
    assert_eq!(direct(&circle), circle);
}

#[test]
fn a_graph_of_nothing_is_a_picture() {
    let graph = Graph { title: "empty".to_owned(), ..Graph::default() };
    roxmltree::Document::parse(&svg(&graph, Colour::Action, 800)).unwrap();
    assert!(dot(&graph, Colour::None).ends_with("}\n"));
    assert!(mermaid(&graph, Colour::None).contains("flowchart"));
}

/// The relative luminance of WCAG 2.2.
fn luminance(colour: &str) -> f64 {
    let part = |nth: usize| {
        let value = u8::from_str_radix(&colour[1 + 2 * nth..3 + 2 * nth], 16).unwrap();
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2)
}

/// Its contrast ratio, from 1 to 21.
fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn colours_are_told_apart_in_light_and_in_dark() {
    let get = |name: &str| palette::COLOURS.iter().find(|(known, ..)| *known == name).unwrap();
    let check = |ink: &str, ground: &str, least: f64| {
        let (ink, ground) = (get(ink), get(ground));
        for (a, b) in [(ink.1, ground.1), (ink.2, ground.2)] {
            let ratio = contrast(a, b);
            assert!(ratio >= least, "{} on {}: {ratio:.2}", ink.0, ground.0);
        }
    };
    assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 0.01);
    // Texts: WCAG's level AA, 1.4.3.
    for (ink, grounds) in palette::TEXTS {
        grounds.iter().for_each(|ground| check(ink, ground, 4.5));
    }
    // Marks and lines: 1.4.11.
    for mark in ["green", "cyan", "amber", "purple", "red", "grey", "blue1", "blue2", "blue3"] {
        check(mark, "card", 3.0);
    }
    for ground in ["ground", "lane", "network", "tier"] {
        check("line", ground, 3.0);
    }
}
