"""Benchmarks across models, to find which one a machine should run.

tasks       what a task is                       core        the suite that is shipped
loaders     public sets from a person's file     records     one line a task that was run
runner      models × tasks → records             report      records → tables and pages
speed       prompt and generation rates of one model
"""
