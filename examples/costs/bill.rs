//! A day's counts against Cloudflare's limits and prices, as documented in November 2026
//! (developers.cloudflare.com/durable-objects/platform/pricing and /workers/platform/pricing).

/// Free per day.
const FREE_REQUESTS: f64 = 100_000.0;
const FREE_DURATION: f64 = 13_000.0;
const FREE_ROWS: f64 = 100_000.0;
/// Days per month.
const MONTH: f64 = 30.0;
/// An object is billed as 128 MB, whatever it uses.
const GIGABYTES: f64 = 0.128;
/// This many WebSocket messages, from clients or from upstream, are billed as one request.
const MESSAGES_PER_REQUEST: f64 = 20.0;

/// The counts of one day.
#[derive(Debug, Default)]
pub struct Bill {
    /// Clients that connected.
    pub upgrades: f64,
    /// Runs of the cron trigger.
    pub pokes: f64,
    /// Requests of `/metrics`.
    pub scrapes: f64,
    /// Alarms that fired.
    pub alarms: f64,
    /// Messages from upstream.
    pub upstream: f64,
    /// Messages from clients, nearly all of them acknowledgements.
    pub clients: f64,
    /// Rows of the cache, of the budget, of the alarm, and of bars.
    pub rows: [f64; 4],
    /// Seconds in memory while something prevents hibernation.
    pub awake: f64,
}

impl Bill {
    /// The head of a table of [`Bill::line`]s.
    pub const HEAD: &str = "\
| a day with | hub requests | Worker requests | rows written | GB-s | on the free plan | on the paid plan, a month |
| --- | --- | --- | --- | --- | --- | --- |";
    /// The notes below the table.
    pub const FOOT: &str = "
Free a day: 100,000 requests of the hub, as many of the Worker, 100,000 rows, 13,000 GB-s. The paid plan is 5 $ a month with
1 million, 10 million, 50 million and 400,000 in it; more is 0.15 $, 0.30 $ and 1 $ a million, and 12.50 $ a million GB-s.";

    /// Requests to the object. Twenty messages count as one.
    fn hub_requests(&self) -> f64 {
        let messages = (self.upstream + self.clients) / MESSAGES_PER_REQUEST;
        self.upgrades + self.pokes + self.scrapes + self.alarms + messages.ceil()
    }

    fn worker_requests(&self) -> f64 {
        self.upgrades + self.pokes + self.scrapes
    }

    fn all_rows(&self) -> f64 {
        self.rows.iter().sum()
    }

    fn duration(&self) -> f64 {
        self.awake * GIGABYTES
    }

    /// The exceeded limits of the free plan.
    fn passed(&self) -> String {
        let limits = [
            ("hub requests", self.hub_requests(), FREE_REQUESTS),
            ("Worker requests", self.worker_requests(), FREE_REQUESTS),
            ("rows", self.all_rows(), FREE_ROWS),
            ("GB-s", self.duration(), FREE_DURATION),
        ];
        let passed: Vec<&str> = limits
            .iter()
            .filter(|(_, is, most)| is > most)
            .map(|(name, ..)| *name)
            .collect();
        if passed.is_empty() {
            let (name, most) = limits
                .iter()
                .map(|(name, is, most)| (name, is / most * 100.0))
                .max_by(|one, other| one.1.total_cmp(&other.1))
                .unwrap();
            return format!("fits ({most:.0} % of the {name})");
        }
        format!("too much: {}", passed.join(", "))
    }

    /// Dollars per month on the paid plan.
    fn dollars(&self) -> f64 {
        let over = |a_day: f64, included: f64, price: f64| (a_day * MONTH - included).max(0.0) / 1e6 * price;
        5.0 + over(self.hub_requests(), 1e6, 0.15)
            + over(self.worker_requests(), 10e6, 0.30)
            + over(self.all_rows(), 50e6, 1.0)
            + over(self.duration(), 400_000.0, 12.5)
    }

    /// One row of a table.
    pub fn line(&self, name: &str) -> String {
        format!(
            "| {name} | {} | {} | {} | {} | {} | {:.2} $ |",
            grouped(self.hub_requests()),
            grouped(self.worker_requests()),
            grouped(self.all_rows()),
            grouped(self.duration()),
            self.passed(),
            self.dollars()
        )
    }

    /// Prints the whole bill.
    pub fn print(&self) {
        let [cache, budget, alarm, bars] = self.rows;
        let lines = [
            ("clients that connected", self.upgrades),
            ("messages of clients (20 are a request)", self.clients),
            ("messages of upstream (20 are a request)", self.upstream),
            ("alarms", self.alarms),
            ("runs of the cron trigger", self.pokes),
            ("requests of /metrics", self.scrapes),
            ("hub requests", self.hub_requests()),
            ("Worker requests", self.worker_requests()),
            ("rows of the cache", cache),
            ("rows of the budget", budget),
            ("rows of the alarm", alarm),
            ("rows of bars", bars),
            ("rows written", self.all_rows()),
            ("seconds in memory", self.awake),
            ("GB-s", self.duration()),
        ];
        for (name, value) in lines {
            println!("{name:<42}{:>12}", grouped(value));
        }
        println!("on the free plan: {}", self.passed());
        println!("on the paid plan: {:.2} $ a month", self.dollars());
    }
}

/// `1,234,567`.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
