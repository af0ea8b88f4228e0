-- %% [markdown] # 407: RLHF from end to end
-- Three stages turn a small language model that rambles into one that answers briefly and to the point. All of it
-- happens in this process, on this machine:
--
--      conversations            comparisons                prompts
--           |                        |                        |
--           v                        v                        v
--     +-----------+           +-------------+          +-------------+
--     |  1. SFT   |           | 2. PM       |  judges  |  3. RL      |
--     |  imitate  |           | learn which |--------->|  try, be    |
--     |  answers  |           | reply is    |          |  judged,    |
--     |           |           | better      |          |  improve    |
--     +-----------+           +-------------+          +-------------+
--           |                                                 ^   |
--           +------------- starting point --------------------+   +--> a policy that people prefer
--
-- The starter data leaves one thing open on purpose: half of its answers are brief, half are padded with filler. SFT
-- learns both; the comparisons say that brief is better; RL moves the policy there. Every figure is measured on seeds
-- and filler phrases that no stage has seen.
--
-- Run it whole (`scripts/run tutorials/407_rlhf.lua`), or cell by cell (`scripts/run --step tutorials/407_rlhf.lua`).
-- Stop it whenever you like: started again with the same `log_path`, each stage goes on from its last checkpoint, and a
-- finished stage is not run again.

-- %% Settings
local p = rlhf.params{
    model = rlhf.default_model,
    log_path = "runs/407_rlhf",      -- the three runs are kept below
    sft_data = "",                   -- a file of conversations of your own, else the starter data
    comparisons = "",                -- a file of comparisons of your own, else the starter data
    smoke = false,                   -- a step or two of each stage on a handful of rows: does everything work?
    smoke_steps = 1,
    comparator = false,              -- also train the Python cookbook's label-token judge (slow to learn on a small model)
    lora_rank = 16,
    sft_steps = 33, sft_batch = 16, sft_lr = 1.2e-3,
    pm_steps = 30, pm_batch = 16, pm_lr = 3e-4,
    rl_steps = 21, rl_batch = 8, group_size = 4, rl_lr = 2e-4,
    kl = 0.1,                        -- how strongly RL is held to the SFT policy; without it the judge gets fooled by bare brevity
    max_tokens = 96,
    seed = 0,
}
local starter = p.sft_data == "" and p.comparisons == ""
-- How many rows and prompts measure. The starter data marks its own test rows (nil).
local measured = { sft = not starter and 32 or nil, pairs = not starter and 128 or nil, prompts = math.huge, rubric_seeds = 4 }
if p.smoke then
    p.sft_steps, p.pm_steps, p.rl_steps = p.smoke_steps, p.smoke_steps, p.smoke_steps
    p.sft_batch, p.pm_batch, p.rl_batch, p.max_tokens = 4, 4, 2, 16
    measured = { sft = 8, pairs = 16, prompts = 4, rubric_seeds = 1 }
end

-- A figure that should come out within bounds. With data of your own, or in a smoke run, it is only shown.
local function check(name, value, low, high)
    local inside = value and value >= low and value <= high
    print(string.format("%-46s %7.3f   expected %.2f to %.2f   %s", name, value or 0 / 0, low, high,
        inside and "ok" or (starter and not p.smoke) and "NOT REACHED" or "(not checked)"))
    if starter and not p.smoke and not inside then error(name .. " is outside of what was expected", 2) end
end

-- The first value of a metric: before training, where the run was evaluated before its first step.
local function first(run, name)
    local column = run.metrics[name]
    for i = 1, column.n do if column[i] then return column[i] end end
end

-- %% The data
local conversations = starter and rlhf.datasets.starter.sft{ test_size = measured.sft }
    or rlhf.datasets.FromConversationFileBuilder{ file_path = p.sft_data, test_size = measured.sft }
local comparisons = starter and rlhf.datasets.starter.comparisons{ test_size = measured.pairs }
    or rlhf.datasets.ComparisonBuilderFromJsonl{ train_path = p.comparisons, test_size = measured.pairs }
local sft_rows, pairs_rows = conversations:load(), comparisons:load()
print(sft_rows.report)
print(pairs_rows.report)

-- Prompts for RL, each once; those of the test rows are kept for measuring.
local function prompts_of(rows, limit)
    local prompts, seen = {}, {}
    for _, row in ipairs(rows) do
        local key = row.prompt_conversation[#row.prompt_conversation].content
        if not seen[key] and #prompts < limit then
            seen[key] = true
            prompts[#prompts + 1] = row.prompt_conversation
        end
    end
    return prompts
end
local prompts, test_prompts = prompts_of(pairs_rows.train, math.huge), prompts_of(pairs_rows.test, measured.prompts)
print(#prompts .. " prompts to train on, " .. #test_prompts .. " to test with")

-- %% [markdown] What the model sees
-- A conversation becomes tokens with a weight for each. Green tokens are trained on (the assistant's answer and the
-- token that ends it); yellow ones are only read.

-- %% One datum
local service = rlhf.ServiceClient{}
local base = service:create_sampling_client{ base_model = p.model }
local tok = base:get_tokenizer()
local renderer = rlhf.renderers.get_renderer(rlhf.model_info.get_recommended_renderer_name(p.model), tok)
rlhf.display.datum(rlhf.supervised.conversation_to_datum(sft_rows.train[1].messages, renderer))

-- %% [markdown] # 1. Supervised fine-tuning
-- Cross-entropy on the answers. `start` gives the run in your hands, `step(n)` takes up to n steps, `last` is the batch just
-- trained on, `finish` measures the weights as they are and saves them as the final ones.

-- %% SFT: three steps by hand
local sft = rlhf.supervised.start{
    log_path = p.log_path .. "/sft", model_name = p.model, dataset_builder = conversations,
    batch_size = p.sft_batch, learning_rate = p.sft_lr, num_epochs = 2, lora_rank = p.lora_rank,
    train_unembed = false, eval_every = 11, save_every = 5, max_steps = p.sft_steps, seed = p.seed,
}
sft:step(3)
print(sft.metrics)

-- %% SFT: the rest
sft:step(sft.total_steps)
sft:finish()
sft:plot("train_mean_nll")
sft:plot("test/nll")
local first_nll, last_nll = first(sft, "test/nll"), sft.metrics:last("test/nll")
if first_nll then check("SFT: test NLL, after / before", last_nll / first_nll, 0, 0.75) end

-- %% [markdown] # 2. The preference model
-- It scores one reply: after the reply comes the question "==== Preference ====", and the score is how much likelier the
-- model says A than B. Trained on pairs (Bradley and Terry's model: the better reply of a pair should score higher), it
-- can then judge any two replies. Before it may serve as a reward it has to pass a gate on held-out pairs.

-- %% Preference model: train
local pm_run = rlhf.preference.train_bradley_terry{
    log_path = p.log_path .. "/pm", model_name = p.model, dataset_builder = comparisons,
    batch_size = p.pm_batch, learning_rate = p.pm_lr, lora_rank = p.lora_rank, train_unembed = false,
    eval_every = 0, save_every = 5, max_steps = p.pm_steps, seed = p.seed,
}
pm_run:plot("loss")
pm_run:plot("pair_accuracy")

-- %% Preference model: ask it
local pm = rlhf.preference.model(pm_run.checkpoint.sampler_path)
local report = pm:evaluate(pairs_rows.test)
print(report)
check("preference model: accuracy on held-out pairs", report.accuracy, 0.95, 1)
if report.accuracy < 0.6 then
    print("This judge knows hardly more than a coin. RL goes on to show the way, but will please the judge and nobody else:\n"
        .. "give it more comparisons of more prompts, or a larger model.")
end
local question = { { role = "user", content = "What is the capital of Italy?" } }
for _, reply in ipairs{ "The capital of Italy is Rome.", "Rome.", "I would rather not say.",
    "That is a very good thing to ask, and many people wonder about it. The capital of Italy is Rome. Of course there is more to say." } do
    print(string.format("%+6.2f  %s", pm:score{ question[1], { role = "assistant", content = reply } }, reply))
end

-- %% The label-token judge, if asked for
if p.comparator then
    local run = rlhf.preference.train_comparator{
        log_path = p.log_path .. "/comparator", model_name = p.model, dataset_builder = comparisons,
        batch_size = p.pm_batch, learning_rate = 1e-3, num_epochs = 4, lora_rank = p.lora_rank, train_unembed = false,
        eval_every = 0, save_every = 20, max_steps = p.smoke and p.smoke_steps or nil, seed = p.seed,
    }
    run:plot("train_mean_nll")
    print(rlhf.preference.model(run.checkpoint.sampler_path):evaluate(pairs_rows.test))
end

-- %% [markdown] # 3. Reinforcement learning
-- For each prompt the policy writes a group of replies. Every two of a group are compared by the preference model; a
-- reply's reward is its wins minus its losses, less one if it was cut off. What did better than its group is made
-- likelier (the advantage is the reward minus the group's mean), what did worse less likely.
--
-- The mean reward tells nothing here: in a tournament somebody always loses. The win rate against the SFT policy does.

-- %% RL: start, and one step to look at
local evaluators = { rlhf.evaluators.win_rate{
    name = "sft", preference_model = pm, prompts = test_prompts, reference = sft.checkpoint.sampler_path,
    max_tokens = p.max_tokens } }
-- The rubric is asked of several samples for each prompt: one alone would be too noisy to show a gain. Its key words are
-- those of the starter data.
local rubric_seeds = starter and measured.rubric_seeds or 0
for seed = 1, rubric_seeds do
    evaluators[#evaluators + 1] = rlhf.evaluators.rubric{
        name = "rubric" .. seed, seed = seed, max_tokens = p.max_tokens, prompts = p.smoke and sft_rows.test or nil }
end
local rl = rlhf.rl.start{
    log_path = p.log_path .. "/rl", model_name = p.model, load_checkpoint_path = sft.checkpoint.state_path,
    dataset_builder = rlhf.rl.PairwisePreferenceRLDatasetBuilder{
        prompts = prompts, preference_model = pm, group_size = p.group_size, batch_size = p.rl_batch,
        -- After one step no judge passes its gate, and on data of your own it may not either. Never allow this where the reward
        -- matters.
        allow_ungated = p.smoke or not starter },
    loss_fn = "importance_sampling", kl_penalty_coef = p.kl, learning_rate = p.rl_lr, lora_rank = p.lora_rank, max_tokens = p.max_tokens,
    evaluators = evaluators, eval_every = 10, save_every = 5, max_steps = p.rl_steps, seed = p.seed,
}
rl:step(1)

-- %% RL: the samples, their rewards and advantages
local shown = {}
for _, group in ipairs(rl.last and rl.last.groups or {}) do
    for i = 1, #group.samples do
        shown[#shown + 1] = { reward = group.rewards[i], advantage = group.advantages[i], reply = group.samples[i] }
    end
    if #shown >= 8 then break end
end
rlhf.display.table(shown, { "reward", "advantage", "reply" })

-- %% RL: the rest
rl:step(rl.total_steps)
rl:finish()
rl:plot("win_rate/sft")
rl:plot("env/all/ac_tokens_per_turn")

-- %% [markdown] # What came of it
-- The same held-out prompts, the same random numbers, three models. The rubric is no judge's opinion: at most 30 tokens,
-- ended by itself, no filler phrase, the answer's key word. A policy that only fooled the preference model would not gain here.

-- %% Figures
print(string.format("win rate against the SFT policy: %.3f ± %.3f",
    rl.metrics:last("win_rate/sft"), rl.metrics:last("win_rate/sft/stderr")))
check("win rate against the SFT policy", rl.metrics:last("win_rate/sft"), 0.70, 1)
check("replies that end by themselves", rl.metrics:last("win_rate/sft/ended_by_stop"), 0.90, 1)
-- The mean over the seeds of one of the rubric's figures, before RL and after.
local function rubric(name)
    local before, after = 0, 0
    for seed = 1, rubric_seeds do
        local column = "rubric" .. seed .. "/" .. name
        before = before + first(rl, column) / rubric_seeds
        after = after + rl.metrics:last(column) / rubric_seeds
    end
    return before, after
end
if starter then
    for _, name in ipairs{ "length", "ended_by_stop", "no_filler", "keyword", "pass" } do
        print(string.format("rubric: %-14s SFT %.3f   RLHF %.3f", name, rubric(name)))
    end
    local before, after = rubric("pass")
    check("rubric: gain over the SFT policy", after - before, 0.01, 1)
end

-- %% Base, SFT and RLHF side by side
local models = {
    { "base", base },
    { "SFT", service:create_sampling_client{ model_path = sft.checkpoint.sampler_path } },
    { "RLHF", service:create_sampling_client{ model_path = rl.checkpoint.sampler_path } },
}
for i = 1, math.min(4, #test_prompts) do
    print("\n" .. test_prompts[i][#test_prompts[i]].content)
    for _, entry in ipairs(models) do
        local sample = entry[2]:sample{
            prompt = renderer:build_generation_prompt(test_prompts[i]), num_samples = 1,
            sampling_params = { max_tokens = p.max_tokens, temperature = 0.7, seed = 1, stop = renderer:get_stop_sequences() },
        }:result().sequences[1]
        local message = renderer:parse_response(sample.tokens)
        print(string.format("  %-5s %s", entry[1], (message.content:gsub("\n", " "))))
    end
end

-- %% [markdown] # Next
-- Change the reward. A few lines of Lua are enough; run this in the session (`scripts/run -i tutorials/407_rlhf.lua`):
--
--     local mine = rlhf.rl.train{
--         log_path = "runs/my_reward", load_checkpoint_path = sft.checkpoint.state_path, max_tokens = 48, max_steps = 3,
--         dataset_builder = rlhf.rl.RewardFunctionBuilder{
--             prompts = prompts, group_size = 4, batch_size = 4,
--             reward = function(prompt, response, info)
--                 return response:find("!") and 1 or 0
--             end } }
--     for _, group in ipairs(mine.last.groups) do
--         for i, reply in ipairs(group.samples) do print(group.rewards[i], reply) end
--     end
