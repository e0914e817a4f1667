//! `sim`: plays seeds. See `sim/README.md`.

use std::process::ExitCode;
use std::thread;
use std::time::Instant;

use tidings_sim::campaign::{self, Failed};

const USAGE: &str = "usage: sim [--seeds N] [--from SEED] [--threads N] [--all]
       sim --seed SEED [--trace]
       sim mutants [--seeds N]            (built with --features mutants)";

#[derive(Default)]
struct Arguments {
    seeds: Option<u64>,
    from: u64,
    threads: Option<u64>,
    seed: Option<u64>,
    is_traced: bool,
    goes_on: bool,
    is_mutants: bool,
}

fn read_arguments() -> Option<Arguments> {
    let mut arguments = Arguments::default();
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        let mut number = || given.next()?.parse().ok();
        match argument.as_str() {
            "--seeds" => arguments.seeds = Some(number()?),
            "--from" => arguments.from = number()?,
            "--threads" => arguments.threads = Some(number()?),
            "--seed" => arguments.seed = Some(number()?),
            "--trace" => arguments.is_traced = true,
            "--all" => arguments.goes_on = true,
            "mutants" => arguments.is_mutants = true,
            _ => return None,
        }
    }
    Some(arguments)
}

fn main() -> ExitCode {
    let Some(arguments) = read_arguments() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    if arguments.is_mutants {
        return mutants(&arguments);
    }
    match arguments.seed {
        Some(seed) => one(seed, arguments.is_traced),
        None => many(&arguments),
    }
}

fn threads(arguments: &Arguments) -> usize {
    let given = arguments.threads.and_then(|threads| usize::try_from(threads).ok());
    given.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from)).max(1)
}

fn one(seed: u64, is_traced: bool) -> ExitCode {
    let outcomes = campaign::play(seed, is_traced);
    println!("{}", outcomes.counts);
    println!("trace: {} lines, {:016x}", outcomes.lines, outcomes.digest);
    match outcomes.finding {
        None => ExitCode::SUCCESS,
        Some(finding) => {
            let (finding, tail) = (finding.0, outcomes.tail);
            show(&Failed { seed, finding, tail: if is_traced { Vec::new() } else { tail } });
            ExitCode::FAILURE
        }
    }
}

fn many(arguments: &Arguments) -> ExitCode {
    let started = Instant::now();
    let seeds = arguments.seeds.unwrap_or(1000);
    let report = campaign::play_all(arguments.from, seeds, threads(arguments), !arguments.goes_on);
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{} seeds in {seconds:.1} s, {:.0} a minute",
        report.seeds,
        report.seeds as f64 * 60.0 / seconds
    );
    println!("{}", report.counts);
    if report.failed.len() > 1 {
        for Failed { seed, finding, .. } in &report.failed {
            println!("{seed}: {finding}");
        }
    }
    match report.failed.first() {
        None => ExitCode::SUCCESS,
        Some(failed) => {
            show(failed);
            ExitCode::FAILURE
        }
    }
}

fn show(failed: &Failed) {
    let Failed { seed, finding, tail } = failed;
    for line in tail {
        println!("{line}");
    }
    println!("seed {seed}: {finding}");
    println!("again: cargo run --release -p tidings-sim -- --seed {seed} --trace");
}

#[cfg(not(feature = "mutants"))]
fn mutants(_: &Arguments) -> ExitCode {
    eprintln!(
        "this build has no mutants: cargo run --release -p tidings-sim --features mutants -- mutants"
    );
    ExitCode::from(2)
}

#[cfg(feature = "mutants")]
fn mutants(arguments: &Arguments) -> ExitCode {
    let seeds = arguments.seeds.unwrap_or(2000);
    let survivors = tidings_sim::mutants::check_all(seeds, threads(arguments));
    if survivors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
