-- The same work as sdk.py, done by the embedded engine in process. Arguments: the cases as a Lua file, the results' file.
local cases = dofile(arg[1])
local results = {}

local function json(value)
  if value == nil then return "null" end
  if type(value) == "table" then
    if #value > 0 then
      local parts = {}
      for i = 1, #value do parts[i] = json(value[i] or nil) end
      return "[" .. table.concat(parts, ",") .. "]"
    end
    local parts = {}
    for k, v in pairs(value) do parts[#parts + 1] = json(k) .. ":" .. json(v) end
    return "{" .. table.concat(parts, ",") .. "}"
  end
  if type(value) == "number" then return math.type(value) == "integer" and tostring(value) or string.format("%.17g", value) end
  if type(value) == "string" then return string.format("%q", value) end
  return "null"
end

local service = rlhf.ServiceClient{}
local trainer = service:create_lora_training_client{ base_model = cases.model, rank = cases.rank, seed = cases.seed }
local adam = rlhf.AdamParams{ learning_rate = cases.learning_rate, beta1 = 0.9, beta2 = 0.95, eps = 1e-12, grad_clip_norm = 1.0 }

local function datums(names)
  local list = {}
  for _, row in ipairs(cases.data) do
    local inputs = { target_tokens = row.targets }
    for _, name in ipairs(names) do inputs[name] = rlhf.tensor(row[name]) end
    list[#list + 1] = rlhf.Datum{ model_input = rlhf.ModelInput.from_ints(row.tokens), loss_fn_inputs = inputs }
  end
  return list
end
local supervised, reinforced = datums{ "weights" }, datums{ "logprobs", "advantages" }

local function outputs(future)
  local result = future:result()
  local rows = {}
  for i, output in ipairs(result.loss_fn_outputs) do rows[i] = output.logprobs:tolist() end
  return { loss = result.metrics["loss:sum"], logprobs = rows }
end

local function sequences(result)
  local list = {}
  for i, sequence in ipairs(result.sequences) do
    list[i] = { tokens = sequence.tokens, logprobs = sequence.logprobs, stop_reason = sequence.stop_reason }
  end
  return list
end

-- The first token of a prompt has no logprob, and a list with nil at its front is no list in Lua.
local function tail(logprobs)
  local list = {}
  for i = 2, #cases.prompt do list[i - 1] = logprobs[i] end
  return list
end

local function step() return { grad_norm = trainer:optim_step(adam):result().metrics.grad_norm } end

results["forward_backward cross_entropy"] = outputs(trainer:forward_backward(supervised, "cross_entropy"))
results["optim_step"] = step()
results["forward"] = outputs(trainer:forward(supervised, "cross_entropy"))
for _, name in ipairs{ "importance_sampling", "ppo", "cispo", "dro" } do
  results["forward_backward " .. name] = outputs(trainer:forward_backward(reinforced, name, cases.losses[name]))
  step()
end
-- The SDKs need no weights here; the engine wants one for every logprob that the loss reads.
for _, row in ipairs(cases.data) do
  for i = 1, #row.targets do row.weights[i] = 1 end
end
local ones = datums{ "weights" }
local custom = trainer:forward_backward_custom(ones, function(_, logprobs)
  local loss = 0
  for _, row in ipairs(logprobs) do loss = loss + (row * row):sum() end
  return loss
end)
results["forward_backward_custom"] = { logprobs = outputs(custom).logprobs }
results["step after custom"] = step()

local state = trainer:save_state("conformance-" .. cases.name):result().path
local weights = trainer:save_weights_for_sampler("conformance-" .. cases.name):result().path
local prompt = rlhf.ModelInput.from_ints(cases.prompt)
local sampler = service:create_sampling_client{ model_path = weights }
local params = { max_tokens = 12, seed = 7, temperature = 0.8, top_p = 0.9, top_k = 40 }
local sampled = sampler:sample{
  prompt = prompt, num_samples = 3, sampling_params = rlhf.SamplingParams(params), include_prompt_logprobs = true }:result()
results["sample"] = { sequences = sequences(sampled) }
results["prompt logprobs"] = { logprobs = tail(sampled.prompt_logprobs) }
results["compute_logprobs"] = { logprobs = tail(sampler:compute_logprobs(prompt):result()) }
local base = service:create_sampling_client{ base_model = cases.model }
results["sample base model"] = {
  sequences = sequences(base:sample{
    prompt = prompt, num_samples = 2, sampling_params = rlhf.SamplingParams{ max_tokens = 8, seed = 3 } }:result()) }

local function continued(client)
  client:forward_backward(supervised, "cross_entropy"):result()
  local norm = client:optim_step(adam):result().metrics.grad_norm
  local after = outputs(client:forward(supervised, "cross_entropy"))
  after.grad_norm = norm
  return after
end
local function fresh()
  return service:create_lora_training_client{ base_model = cases.model, rank = cases.rank, seed = 99 }
end
local loaded = fresh()
loaded:load_state(state):result()
results["load_state"] = continued(loaded)
loaded = fresh()
loaded:load_state_with_optimizer(state):result()
results["load_state_with_optimizer"] = continued(loaded)

local file = assert(io.open(arg[2], "w"))
file:write(json(results))
file:close()
