-- Drives the client against a real SkyRL server. Prints `check NAME` for what holds and `check NAME: WHY` for what does not.
-- Argument: a folder that does not exist, for what is downloaded.
local model = rlhf.default_model
local service = rlhf.ServiceClient{}

local function check(name, work)
  local ok, why = pcall(work)
  print("check " .. name .. (ok and "" or ": " .. tostring(why):gsub("%s+", " "):sub(1, 300)))
end
local function close(a, b, tolerance, what)
  if not (math.abs(a - b) <= (tolerance or 1e-3) * math.max(1, math.abs(b))) then error(("%s is %.6g instead of %.6g"):format(what or "it", a, b), 0) end
end
local function refused(pattern, work)
  local ok, why = pcall(work)
  if ok then error("nothing was refused", 0) end
  if not tostring(why):find(pattern) then error(why, 0) end
end

local rows = { { 5, 17, 33, 60, 61, 62, 63, 8 }, { 9, 8, 7, 6, 5 } }
local function datums(inputs)
  local list = {}
  for i, row in ipairs(rows) do
    local tokens, targets = {}, {}
    for k = 1, #row - 1 do tokens[k], targets[k] = row[k], row[k + 1] end
    local given = { target_tokens = targets }
    for name, value in pairs(inputs) do
      local values = {}
      for k = 1, #targets do values[k] = value(i, k) end
      given[name] = rlhf.tensor(values)
    end
    list[i] = rlhf.Datum{ model_input = rlhf.ModelInput.from_ints(tokens), loss_fn_inputs = given }
  end
  return list
end
local function constant(value) return function() return value end end
local supervised = datums{ weights = constant(1) }
local reinforced = datums{
  logprobs = function(i, k) return -4 - 0.7 * k end, advantages = function(i, k) return k % 2 == 0 and -0.5 or 0.8 end }
local mixed = datums{ weights = function(i, k) return k % 2 == 0 and -1 or 1 end }
-- Nothing moves, so that every pass sees the same weights.
local still = rlhf.AdamParams{ learning_rate = 0 }

local trainer
check("session and model", function() trainer = service:create_lora_training_client{ base_model = model, rank = 8, seed = 1 } end)

local function pass(data, loss, config) return trainer:forward_backward(data, loss, config):result() end
local function norm() return trainer:optim_step(still):result().metrics.grad_norm end

local base
check("forward_backward cross_entropy", function()
  local result = pass(supervised, "cross_entropy")
  local sum = 0
  for i, output in ipairs(result.loss_fn_outputs) do
    if #output.logprobs ~= #rows[i] - 1 then error("not a logprob for each target", 0) end
    for _, logprob in ipairs(output.logprobs:tolist()) do sum = sum - logprob end
  end
  close(result.metrics["loss:sum"], sum, 1e-5, "loss:sum")
end)
check("optim_step", function() base = norm(); if not (base > 0) then error("grad_norm is " .. tostring(base), 0) end end)
check("losses are sums (weights of 2)", function() pass(datums{ weights = constant(2) }, "cross_entropy"); close(norm(), 2 * base) end)
check("losses are sums (two copies)", function()
  local copies = { table.unpack(supervised) }
  for _, datum in ipairs(supervised) do copies[#copies + 1] = datum end
  pass(copies, "cross_entropy")
  close(norm(), 2 * base)
end)
check("losses are sums (two calls)", function() pass(supervised, "cross_entropy"); pass(supervised, "cross_entropy"); close(norm(), 2 * base) end)
check("forward leaves no gradient", function()
  trainer:forward(supervised, "cross_entropy"):result()
  pass(supervised, "cross_entropy")
  close(norm(), base)
end)

-- The same gradient as the loss's definition has, handed over by way of a custom loss.
local function like(title, data, config, definition)
  check("forward_backward " .. title .. " is its definition", function()
    local built = pass(data, title:match("^%S+"), config)
    local found = norm()
    local expected = trainer:forward_backward_custom(supervised, function(_, logprobs)
      local loss = 0
      for i, row in ipairs(logprobs) do loss = loss + definition(row, data[i].loss_fn_inputs) end
      return loss
    end):result()
    close(built.metrics["loss:sum"], expected.metrics["loss:sum"], 1e-4, "loss:sum")
    close(found, norm(), 1e-3, "grad_norm")
  end)
end
like("cross_entropy with weights of both signs", mixed, nil, function(row, inputs) return -(row * inputs.weights):sum() end)
like("importance_sampling", reinforced, nil, function(row, inputs)
  return -((row - inputs.logprobs):exp() * inputs.advantages):sum()
end)
like("ppo", reinforced, { clip_low_threshold = 0.7, clip_high_threshold = 1.3 }, function(row, inputs)
  local ratio = (row - inputs.logprobs):exp()
  return -rlhf.tensor.minimum(ratio * inputs.advantages, ratio:clamp(0.7, 1.3) * inputs.advantages):sum()
end)
like("cispo", reinforced, nil, function(row, inputs)
  return -((row - inputs.logprobs):exp():clamp(0, 4):detach() * row * inputs.advantages):sum()
end)
like("dro", reinforced, { beta = 0.05 }, function(row, inputs)
  local distance = row - inputs.logprobs
  return -(row * inputs.advantages - distance * distance * 0.025):sum()
end)

local adam = rlhf.AdamParams{ learning_rate = 0.02 }
local function loss(client) return client:forward(supervised, "cross_entropy"):result().metrics["loss:sum"] end
local function step(client)
  client:forward_backward(supervised, "cross_entropy")
  client:optim_step(adam):result()
end
local before, state
check("training lowers the loss", function()
  before = loss(trainer)
  for _ = 1, 5 do step(trainer) end
  if not (loss(trainer) < before - 1) then error("it stays", 0) end
end)
check("save_state", function() state = trainer:save_state("checkpoint"):result().path end)
check("a run resumed with its optimizer equals the uninterrupted one", function()
  local resumed = service:create_training_client_from_state_with_optimizer(state)
  close(loss(resumed), loss(trainer), 1e-4)
  step(trainer)
  step(resumed)
  close(loss(resumed), loss(trainer), 1e-3)
end)
check("load_state_with_optimizer", function()
  local fresh = service:create_lora_training_client{ base_model = model, rank = 8, seed = 9 }
  fresh:load_state_with_optimizer(state):result()
  step(fresh)
  close(loss(fresh), loss(trainer), 1e-3)
end)

local path, sampler
local prompt = rlhf.ModelInput.from_ints{ 5, 17, 33, 60 }
local function draw(client, params)
  params.max_tokens = 8
  return client:sample{ prompt = prompt, num_samples = 3, sampling_params = rlhf.SamplingParams(params), include_prompt_logprobs = true }:result()
end
check("save_weights_for_sampler names what was saved", function()
  path = trainer:save_weights_for_sampler("adapter"):result().path
  if not path:find("/sampler_weights/adapter$") then error(path, 0) end
end)
check("create_sampling_client from a path", function() sampler = service:create_sampling_client{ model_path = path } end)
local drawn
check("sample with logprobs and prompt logprobs", function()
  drawn = draw(sampler, { seed = 3 })
  if #drawn.sequences ~= 3 or drawn.prompt_logprobs[1] ~= nil then error("another shape", 0) end
  for k = 2, 4 do if not (drawn.prompt_logprobs[k] < 0) then error("no logprob " .. k, 0) end end
end)
check("a sampled token's logprob is what scoring gives it", function()
  local whole, sequence = { 5, 17, 33, 60 }, drawn.sequences[1]
  for _, token in ipairs(sequence.tokens) do whole[#whole + 1] = token end
  local scored = sampler:compute_logprobs(rlhf.ModelInput.from_ints(whole)):result()
  for k = 1, #sequence.tokens do close(sequence.logprobs[k], scored[4 + k]) end
end)
check("samples repeat from their seed and differ among themselves", function()
  local again = draw(sampler, { seed = 3 })
  for i = 1, 3 do
    if table.concat(again.sequences[i].tokens, " ") ~= table.concat(drawn.sequences[i].tokens, " ") then error("they do not repeat", 0) end
  end
  if table.concat(again.sequences[1].tokens) == table.concat(again.sequences[2].tokens) then error("two are equal", 0) end
end)
check("a stop token ends a sample and belongs to it", function()
  local tokens = drawn.sequences[1].tokens
  local sequence = draw(sampler, { seed = 3, stop = { tokens[4] } }).sequences[1]
  if sequence.stop_reason ~= "stop" or sequence.tokens[#sequence.tokens] ~= tokens[4] or #sequence.tokens > 4 then error("it goes on", 0) end
end)
check("the base model is sampled", function() draw(service:create_sampling_client{ base_model = model }, { seed = 1 }) end)

local rest = service:create_rest_client()
check("checkpoints are listed by their paths", function()
  local found = {}
  for _, checkpoint in ipairs(rest:list_checkpoints(path:match("//([^/]+)")):result().checkpoints) do found[checkpoint.tinker_path] = true end
  if not found[path] or not found[state] then error("not all of them", 0) end
end)
check("training runs are listed", function() if #rest:list_training_runs{ limit = 5 }:result().training_runs == 0 then error("none", 0) end end)
check("an adapter is downloaded", function()
  local names = {}
  for _, file in ipairs(rest:download_checkpoint_from_tinker_path(path, arg[1]):result().files) do names[file.name] = file.bytes end
  if not names["adapter_config.json"] or not names["adapter_model.safetensors"] then error("files are missing", 0) end
end)

check("refuses sampling weights that were trained on since", function()
  step(trainer)
  refused("save them again", function() draw(sampler, { seed = 3 }) end)
end)
check("refuses clipping", function() refused("does not clip", function() trainer:optim_step(rlhf.AdamParams{ grad_clip_norm = 1 }):result() end) end)
check("refuses loading without the optimizer", function() refused("_with_optimizer", function() trainer:load_state(state):result() end) end)
check("refuses a sample without max_tokens", function()
  refused("max_tokens", function() service:create_sampling_client{ base_model = model }:sample{ prompt = prompt, num_samples = 1, sampling_params = rlhf.SamplingParams{} }:result() end)
end)
check("refuses a name that is taken", function() refused("exists", function() trainer:save_state("checkpoint"):result() end) end)
check("refuses tokens outside the vocabulary", function()
  refused("99999", function()
    trainer:forward(
      { rlhf.Datum{ model_input = rlhf.ModelInput.from_ints{ 99999 }, loss_fn_inputs = { target_tokens = { 1 }, weights = { 1.0 } } } },
      "cross_entropy"):result()
  end)
end)
check("refuses weights that nobody has", function()
  refused("no checkpoint", function() service:create_sampling_client{ model_path = path .. "x" } end)
end)
