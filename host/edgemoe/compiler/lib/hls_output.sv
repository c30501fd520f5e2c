// SPDX-License-Identifier: Apache-2.0
// Output side of a stream: a FIFO with a credit counter. A pipelined loop takes the credits of all writes that an
// iteration may make when it issues the iteration (`take`), so that nothing has to stop it afterwards; a write that
// its predicate suppresses gives its credit back (`unused`).
module hls_output #(
    parameter int W = 8,
    parameter int D = 2,
    parameter int C = $clog2(D + 1)  // bits of a count 0..D
) (
    input  logic         clk,
    input  logic         rst,
    input  logic [C-1:0] take,
    input  logic [C-1:0] unused,
    output logic [C-1:0] credits,
    input  logic         write,
    input  logic [W-1:0] data,
    output logic [W-1:0] dout,
    output logic         valid,
    input  logic         ready
);
  logic full_n;

  hls_fifo #(.W(W), .D(D)) fifo (
      .clk(clk), .rst(rst), .din(data), .write(write), .full_n(full_n), .dout(dout), .empty_n(valid), .read(ready)
  );

  always_ff @(posedge clk) begin
    if (rst) credits <= C'(D);
    else credits <= credits - take + unused + C'(valid & ready);
`ifndef SYNTHESIS
    if (!rst && write && !full_n) $fatal(1, "%m: write without a free slot");
`endif
  end
endmodule
