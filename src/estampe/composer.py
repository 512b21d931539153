"""The process that composes messages: what execution makes of orders, with the links of tracking in it."""

from estampe.execution.composing.composer import run
from estampe.tracking.linking.rewriting import rewrite

if __name__ == "__main__":
    run(rewrite)
