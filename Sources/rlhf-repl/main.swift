print("rlhf-repl")
